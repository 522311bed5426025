-- Since 14. Times are 0 while nobody measures them.
select
  wal_records as records,
  wal_fpi as fpi,
  wal_bytes::int8 as bytes,
  wal_buffers_full as buffers_full,
  wal_write as write,
  wal_sync as sync,
  case when wal_write_time > 0 or timing.is_on then wal_write_time / 1000 end as write_time,
  case when wal_sync_time > 0 or timing.is_on then wal_sync_time / 1000 end as sync_time,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_wal
cross join (
  select pg_catalog.current_setting('track_wal_io_timing')::boolean as is_on
) as timing
