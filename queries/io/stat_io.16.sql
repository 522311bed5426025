-- Since 16. An operation is of one block, whatever the kernel made of it. NULL is what such a process never does there.
-- A row without any operation is left out, most are; its counters only grow, so one that is there stays.
with operation as (
  select
    *,
    -- Times are 0 while nobody measures them.
    pg_catalog.current_setting('track_io_timing')::boolean as is_timed
  from pg_catalog.pg_stat_io
)
select
  s.backend_type,
  s.object,
  s.context,
  s.reads,
  s.reads * s.op_bytes as read_bytes,
  case when s.read_time > 0 or s.is_timed then s.read_time / 1000 end as read_time,
  s.writes,
  s.writes * s.op_bytes as write_bytes,
  case when s.write_time > 0 or s.is_timed then s.write_time / 1000 end as write_time,
  s.writebacks,
  case when s.writeback_time > 0 or s.is_timed then s.writeback_time / 1000 end as writeback_time,
  s.extends,
  s.extends * s.op_bytes as extend_bytes,
  case when s.extend_time > 0 or s.is_timed then s.extend_time / 1000 end as extend_time,
  s.hits,
  s.evictions,
  s.reuses,
  s.fsyncs,
  case when s.fsync_time > 0 or s.is_timed then s.fsync_time / 1000 end as fsync_time
from operation as s
where s.backend_type <> 'standalone backend' -- of initdb, and nobody else
  and greatest(
    s.reads,
    s.writes,
    s.writebacks,
    s.extends,
    s.hits,
    s.evictions,
    s.reuses,
    s.fsyncs
  ) > 0
order by
  coalesce(s.reads, 0) + coalesce(s.writes, 0) + coalesce(s.extends, 0) desc,
  s.backend_type,
  s.object,
  s.context
