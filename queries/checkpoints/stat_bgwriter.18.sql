-- Since 18 an operation may be of many blocks, so that bytes are what tells how many there were.
select
  w.buffers_clean,
  w.maxwritten_clean,
  w.buffers_alloc,
  io.buffers_backend,
  io.buffers_backend_fsync,
  extract(epoch from w.stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_bgwriter as w
cross join (
  select
    (
      pg_catalog.sum(coalesce(write_bytes, 0) + coalesce(extend_bytes, 0))
      / pg_catalog.current_setting('block_size')::int8
    )::int8 as buffers_backend,
    pg_catalog.sum(fsyncs)::int8 as buffers_backend_fsync
  from pg_catalog.pg_stat_io
  where object = 'relation'
    and backend_type not in ('background writer', 'checkpointer')
) as io
