-- Since 18 with bytes of its own, as one operation may be of many blocks, and with the WAL. NULL is what such a
-- process never does there.
-- A row without any operation is left out, most are; its counters only grow, so one that is there stays.
with operation as (
  select
    *,
    -- Times are 0 while nobody measures them.
    pg_catalog.current_setting(
      case object when 'wal' then 'track_wal_io_timing' else 'track_io_timing' end
    )::boolean as is_timed
  from pg_catalog.pg_stat_io
)
select
  s.backend_type,
  s.object,
  s.context,
  s.reads,
  s.read_bytes::int8 as read_bytes,
  case when s.read_time > 0 or s.is_timed then s.read_time / 1000 end as read_time,
  s.writes,
  s.write_bytes::int8 as write_bytes,
  case when s.write_time > 0 or s.is_timed then s.write_time / 1000 end as write_time,
  s.writebacks,
  case when s.writeback_time > 0 or s.is_timed then s.writeback_time / 1000 end as writeback_time,
  s.extends,
  s.extend_bytes::int8 as extend_bytes,
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
