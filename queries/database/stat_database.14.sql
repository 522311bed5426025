-- Since 14 with sessions and their times.
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
  session_time / 1000 as session_time,
  active_time / 1000 as active_time,
  idle_in_transaction_time / 1000 as idle_in_transaction_time,
  sessions,
  sessions_abandoned,
  sessions_fatal,
  sessions_killed,
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
