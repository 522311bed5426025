-- help: Databases as postgres_exporter shows them.
-- every: 15s
-- timeout: 1s
-- labels: [datid, datname]
-- limit: 20000
-- metrics:
--   pg_stat_database_xact_commit:
--     column: xact_commit
--     type: counter
--     help: "Number of transactions in this database that have been committed."
--   pg_stat_database_xact_rollback:
--     column: xact_rollback
--     type: counter
--     help: "Number of transactions in this database that have been rolled back."
--   pg_stat_database_blks_read:
--     column: blks_read
--     type: counter
--     help: "Number of disk blocks read in this database."
--   pg_stat_database_blks_hit:
--     column: blks_hit
--     type: counter
--     help: "Number of times disk blocks were found already in the buffer cache."
--   pg_stat_database_tup_returned:
--     column: tup_returned
--     type: counter
--     help: "Number of rows returned by queries in this database."
--   pg_stat_database_tup_fetched:
--     column: tup_fetched
--     type: counter
--     help: "Number of rows fetched by queries in this database."
--   pg_stat_database_tup_inserted:
--     column: tup_inserted
--     type: counter
--     help: "Number of rows inserted by queries in this database."
--   pg_stat_database_tup_updated:
--     column: tup_updated
--     type: counter
--     help: "Number of rows updated by queries in this database."
--   pg_stat_database_tup_deleted:
--     column: tup_deleted
--     type: counter
--     help: "Number of rows deleted by queries in this database."
--   pg_stat_database_conflicts:
--     column: conflicts
--     type: counter
--     help: "Number of queries canceled due to conflicts with recovery in this database."
--   pg_stat_database_temp_files:
--     column: temp_files
--     type: counter
--     help: "Number of temporary files created by queries in this database."
--   pg_stat_database_temp_bytes:
--     column: temp_bytes
--     type: counter
--     help: "Bytes written to temporary files by queries in this database."
--   pg_stat_database_deadlocks:
--     column: deadlocks
--     type: counter
--     help: "Number of deadlocks detected in this database."
--   pg_stat_database_blk_read_time:
--     column: blk_read_time
--     type: counter
--     help: "Milliseconds spent reading data file blocks by backends in this database."
--   pg_stat_database_blk_write_time:
--     column: blk_write_time
--     type: counter
--     help: "Milliseconds spent writing data file blocks by backends in this database."
--   pg_stat_database_stats_reset:
--     column: stats_reset
--     type: counter
--     help: "Unix time of the last reset of these statistics, 0 when there was none."

select
  datid,
  datname,
  xact_commit,
  xact_rollback,
  blks_read,
  blks_hit,
  tup_returned,
  tup_fetched,
  tup_inserted,
  tup_updated,
  tup_deleted,
  conflicts,
  temp_files,
  temp_bytes,
  deadlocks,
  blk_read_time,
  blk_write_time,
  coalesce(extract(epoch from stats_reset)::float8, 0) as stats_reset
from pg_catalog.pg_stat_database
where datname is not null
order by
  xact_commit + xact_rollback desc,
  datname
