-- Since 17 what processes write themselves is in pg_stat_io alone: blocks that were written or added to a file by
-- anybody but the checkpointer and the background writer. On 16 both numbers grow alike, but that the old one counts
-- many blocks that are added at once, as loading does, as one.
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
    pg_catalog.sum(coalesce(writes, 0) + coalesce(extends, 0))::int8 as buffers_backend,
    pg_catalog.sum(fsyncs)::int8 as buffers_backend_fsync
  from pg_catalog.pg_stat_io
  where object = 'relation'
    and backend_type not in ('background writer', 'checkpointer')
) as io
