-- Since 18 what was written and synced is in pg_stat_io. Making new segments (init) was not counted before.
select
  w.wal_records as records,
  w.wal_fpi as fpi,
  w.wal_bytes::int8 as bytes,
  w.wal_buffers_full as buffers_full,
  io.write,
  io.sync,
  case when io.write_time > 0 or timing.is_on then io.write_time / 1000 end as write_time,
  case when io.sync_time > 0 or timing.is_on then io.sync_time / 1000 end as sync_time,
  extract(epoch from w.stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_wal as w
cross join (
  select
    pg_catalog.sum(writes)::int8 as write,
    pg_catalog.sum(fsyncs)::int8 as sync,
    pg_catalog.sum(write_time) as write_time,
    pg_catalog.sum(fsync_time) as sync_time
  from pg_catalog.pg_stat_io
  where object = 'wal'
    and context = 'normal'
) as io
cross join (
  select pg_catalog.current_setting('track_wal_io_timing')::boolean as is_on
) as timing
