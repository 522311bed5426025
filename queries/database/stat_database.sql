-- help: Activity of each database since its statistics were reset.
-- every: 15s
-- timeout: 2s
-- needs: {setting: track_counts}
-- labels: [datname]
-- limit: 30000
-- metrics:
--   pg_stat_database_numbackends:
--     column: numbackends
--     type: gauge
--     help: "Server processes connected to the database."
--   pg_stat_database_xact_commit_total:
--     column: xact_commit
--     type: counter
--     help: "Transactions committed in the database."
--   pg_stat_database_xact_rollback_total:
--     column: xact_rollback
--     type: counter
--     help: "Transactions rolled back in the database."
--   pg_stat_database_blks_read_total:
--     column: blks_read
--     type: counter
--     help: "Blocks of the database that were not in shared buffers and had to be read."
--   pg_stat_database_blks_hit_total:
--     column: blks_hit
--     type: counter
--     help: "Blocks of the database that were found in shared buffers."
--   pg_stat_database_tup_returned_total:
--     column: tup_returned
--     type: counter
--     help: "Live rows that sequential scans fetched and index entries that index scans returned."
--   pg_stat_database_tup_fetched_total:
--     column: tup_fetched
--     type: counter
--     help: "Live rows that index scans fetched."
--   pg_stat_database_tup_inserted_total:
--     column: tup_inserted
--     type: counter
--     help: "Rows inserted in the database."
--   pg_stat_database_tup_updated_total:
--     column: tup_updated
--     type: counter
--     help: "Rows updated in the database."
--   pg_stat_database_tup_deleted_total:
--     column: tup_deleted
--     type: counter
--     help: "Rows deleted in the database."
--   pg_stat_database_conflicts_total:
--     column: conflicts
--     type: counter
--     help: "Queries cancelled because they conflicted with recovery; only a standby has such."
--   pg_stat_database_temp_files_total:
--     column: temp_files
--     type: counter
--     help: "Temporary files that queries created."
--   pg_stat_database_temp_bytes_total:
--     column: temp_bytes
--     type: counter
--     help: "Bytes that queries wrote to temporary files."
--   pg_stat_database_deadlocks_total:
--     column: deadlocks
--     type: counter
--     help: "Deadlocks that the server found and broke."
--   pg_stat_database_checksum_failures_total:
--     column: checksum_failures
--     type: counter
--     help: "Data pages whose checksum was wrong; absent when data checksums are off."
--   pg_stat_database_checksum_last_failure_timestamp_seconds:
--     column: checksum_last_failure
--     type: gauge
--     help: "Unix time in seconds of the last wrong checksum; absent when there was none."
--   pg_stat_database_blk_read_time_seconds_total:
--     column: blk_read_time
--     type: counter
--     help: "Seconds that server processes spent on reading data blocks; absent while track_io_timing is off."
--   pg_stat_database_blk_write_time_seconds_total:
--     column: blk_write_time
--     type: counter
--     help: "Seconds that server processes spent on writing data blocks; absent while track_io_timing is off."
--   pg_stat_database_session_time_seconds_total:
--     column: session_time
--     type: counter
--     help: "Seconds that sessions have been connected (PostgreSQL 14 and later)."
--   pg_stat_database_active_time_seconds_total:
--     column: active_time
--     type: counter
--     help: "Seconds that sessions spent on executing statements (PostgreSQL 14 and later)."
--   pg_stat_database_idle_in_transaction_time_seconds_total:
--     column: idle_in_transaction_time
--     type: counter
--     help: "Seconds that sessions were idle in an open transaction (PostgreSQL 14 and later)."
--   pg_stat_database_sessions_total:
--     column: sessions
--     type: counter
--     help: "Sessions that were established (PostgreSQL 14 and later)."
--   pg_stat_database_sessions_abandoned_total:
--     column: sessions_abandoned
--     type: counter
--     help: "Sessions that ended because the connection to the client was lost (PostgreSQL 14 and later)."
--   pg_stat_database_sessions_fatal_total:
--     column: sessions_fatal
--     type: counter
--     help: "Sessions that ended in a fatal error (PostgreSQL 14 and later)."
--   pg_stat_database_sessions_killed_total:
--     column: sessions_killed
--     type: counter
--     help: "Sessions that an operator ended (PostgreSQL 14 and later)."
--   pg_stat_database_parallel_workers_to_launch_total:
--     column: parallel_workers_to_launch
--     type: counter
--     help: "Parallel workers that queries planned to launch (PostgreSQL 18 and later)."
--   pg_stat_database_parallel_workers_launched_total:
--     column: parallel_workers_launched
--     type: counter
--     help: "Parallel workers that queries did launch (PostgreSQL 18 and later)."
--   pg_stat_database_stats_reset_timestamp_seconds:
--     column: stats_reset
--     type: gauge
--     help: "Unix time in seconds at which these statistics were last reset; absent when they never were."

-- The row without a database (datname is empty) is that of the shared catalogues.
-- Times come in milliseconds, and as 0 while track_io_timing is off, which is not the same as no time spent.
select
  datname,
  numbackends,
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
  checksum_failures,
  extract(epoch from checksum_last_failure)::float8 as checksum_last_failure,
  case when blk_read_time > 0 or timing.is_on then blk_read_time / 1000 end as blk_read_time,
  case when blk_write_time > 0 or timing.is_on then blk_write_time / 1000 end as blk_write_time,
  null::float8 as session_time,
  null::float8 as active_time,
  null::float8 as idle_in_transaction_time,
  null::bigint as sessions,
  null::bigint as sessions_abandoned,
  null::bigint as sessions_fatal,
  null::bigint as sessions_killed,
  null::bigint as parallel_workers_to_launch,
  null::bigint as parallel_workers_launched,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_database
cross join (
  select pg_catalog.current_setting('track_io_timing')::boolean as is_on
) as timing
-- Templates, and what nobody can connect to, see autovacuum at most; their ages and sizes are told elsewhere.
where not exists (
  select
  from pg_catalog.pg_database as d
  where d.oid = datid
    and (d.datistemplate or not d.datallowconn)
)
order by
  xact_commit + xact_rollback desc,
  datname
