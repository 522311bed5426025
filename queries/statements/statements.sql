-- help: The statements that take most time of late, and the sum of all others.
-- every: 60s
-- timeout: 5s
-- needs: {extension: pg_stat_statements, library: pg_stat_statements}
-- labels: [datname, user, queryid]
-- limit: 88                # 10 statements and the rest, of 8 metrics each
-- rest: true
-- derive: busiest
-- metrics:
--   pg_stat_statements_seconds_total:
--     column: seconds
--     type: counter
--     help: "Seconds that the server spent on executing the statement."
--   pg_stat_statements_calls_total:
--     column: calls
--     type: counter
--     help: "Times that the statement was executed."
--   pg_stat_statements_rows_total:
--     column: rows
--     type: counter
--     help: "Rows that the statement returned or changed."
--   pg_stat_statements_block_read_seconds_total:
--     column: read_seconds
--     type: counter
--     help: "Seconds that the statement waited for blocks of tables to be read; absent while track_io_timing is off."
--   pg_stat_statements_shared_blks_hit_total:
--     column: shared_blks_hit
--     type: counter
--     help: "Blocks that the statement found in shared buffers."
--   pg_stat_statements_shared_blks_read_total:
--     column: shared_blks_read
--     type: counter
--     help: "Blocks that the statement had to read."
--   pg_stat_statements_temp_blks_written_total:
--     column: temp_blks_written
--     type: counter
--     help: "Blocks that the statement wrote to temporary files; more work_mem makes them fewer."
--   pg_stat_statements_wal_bytes_total:
--     column: wal_bytes
--     type: counter
--     help: "Bytes of write-ahead log that the statement caused."

-- false: no text is read, which would be a file that may have grown to hundreds of megabytes.
-- After pg_upgrade the extension is older than the server until somebody updates it. So the columns go by the
-- extension: a name that `own` does not have is found in `lacking`, as NULL.
with entry as (
  select
    s.dbid,
    s.userid,
    s.queryid,
    pg_catalog.sum(e.total_exec_time) / 1000 as seconds,
    pg_catalog.sum(e.calls)::bigint as calls,
    pg_catalog.sum(e.rows)::bigint as rows,
    pg_catalog.sum(e.read_time) / 1000 as read_seconds,
    pg_catalog.sum(e.shared_blks_hit)::bigint as shared_blks_hit,
    pg_catalog.sum(e.shared_blks_read)::bigint as shared_blks_read,
    pg_catalog.sum(e.temp_blks_written)::bigint as temp_blks_written,
    pg_catalog.sum(e.wal_bytes)::bigint as wal_bytes
  from :extension_schema.pg_stat_statements(false) as s
  cross join (
    select
      null::float8 as blk_read_time,
      null::float8 as shared_blk_read_time
  ) as lacking
  cross join lateral (
    select
      total_exec_time,
      calls,
      rows,
      coalesce(shared_blk_read_time, blk_read_time) as read_time,
      shared_blks_hit,
      shared_blks_read,
      temp_blks_written,
      wal_bytes
    from (select s.*) as own
  ) as e
  -- Without that role the statements of others have no identifier, and the rest would be all of them.
  where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
    and s.queryid is not null
  group by
    s.dbid,
    s.userid,
    s.queryid
),
ranked as (
  select
    *,
    pg_catalog.row_number() over (order by seconds desc) as place,
    pg_catalog.current_setting('track_io_timing')::boolean as is_timed
  from entry
)
select
  coalesce(d.datname, r.dbid::text) as datname,
  coalesce(u.rolname, r.userid::text) as "user",
  r.queryid::text as queryid,
  r.seconds as pace,
  r.seconds,
  r.calls,
  r.rows,
  case when r.is_timed or r.read_seconds > 0 then r.read_seconds end as read_seconds,
  r.shared_blks_hit,
  r.shared_blks_read,
  r.temp_blks_written,
  r.wal_bytes
from ranked as r
left join pg_catalog.pg_database as d
  on d.oid = r.dbid
left join pg_catalog.pg_roles as u
  on u.oid = r.userid
where r.place <= 5000
union all
select
  null,
  null,
  null,
  null,
  pg_catalog.sum(seconds),
  pg_catalog.sum(calls)::bigint,
  pg_catalog.sum(rows)::bigint,
  case when pg_catalog.bool_or(is_timed) then pg_catalog.sum(read_seconds) end,
  pg_catalog.sum(shared_blks_hit)::bigint,
  pg_catalog.sum(shared_blks_read)::bigint,
  pg_catalog.sum(temp_blks_written)::bigint,
  pg_catalog.sum(wal_bytes)::bigint
from ranked
where place > 5000
having pg_catalog.count(*) > 0
