-- help: All that is known of the statements that take most time of late, and of all others in sum.
-- every: 60s
-- timeout: 10s
-- needs: {extension: pg_stat_statements, library: pg_stat_statements}
-- labels: [datname, user, queryid]
-- limit: 231               # 10 statements and the rest, of 21 metrics each
-- rest: true
-- derive: busiest
-- metrics:
--   pg_stat_statements_plans_total:
--     column: plans
--     type: counter
--     help: "Times that the statement was planned; 0 while pg_stat_statements.track_planning is off."
--   pg_stat_statements_plan_seconds_total:
--     column: plan_seconds
--     type: counter
--     help: "Seconds spent on planning the statement; 0 while pg_stat_statements.track_planning is off."
--   pg_stat_statements_block_write_seconds_total:
--     column: write_seconds
--     type: counter
--     help: "Seconds that the statement waited for blocks to be written; absent while track_io_timing is off."
--   pg_stat_statements_local_block_read_seconds_total:
--     column: local_read_seconds
--     type: counter
--     help: "Seconds of reading blocks of temporary tables (PostgreSQL 17 and later); absent while track_io_timing is off."
--   pg_stat_statements_local_block_write_seconds_total:
--     column: local_write_seconds
--     type: counter
--     help: "Seconds of writing blocks of temporary tables (PostgreSQL 17 and later); absent while track_io_timing is off."
--   pg_stat_statements_temp_block_read_seconds_total:
--     column: temp_read_seconds
--     type: counter
--     help: "Seconds of reading temporary files (PostgreSQL 15 and later); absent while track_io_timing is off."
--   pg_stat_statements_temp_block_write_seconds_total:
--     column: temp_write_seconds
--     type: counter
--     help: "Seconds of writing temporary files (PostgreSQL 15 and later); absent while track_io_timing is off."
--   pg_stat_statements_shared_blks_dirtied_total:
--     column: shared_blks_dirtied
--     type: counter
--     help: "Blocks that the statement changed first since they were written."
--   pg_stat_statements_shared_blks_written_total:
--     column: shared_blks_written
--     type: counter
--     help: "Blocks that the statement had to write itself to make room in shared buffers."
--   pg_stat_statements_local_blks_hit_total:
--     column: local_blks_hit
--     type: counter
--     help: "Blocks of temporary tables that the statement found in its buffers."
--   pg_stat_statements_local_blks_read_total:
--     column: local_blks_read
--     type: counter
--     help: "Blocks of temporary tables that the statement read."
--   pg_stat_statements_local_blks_dirtied_total:
--     column: local_blks_dirtied
--     type: counter
--     help: "Blocks of temporary tables that the statement changed."
--   pg_stat_statements_local_blks_written_total:
--     column: local_blks_written
--     type: counter
--     help: "Blocks of temporary tables that the statement wrote."
--   pg_stat_statements_temp_blks_read_total:
--     column: temp_blks_read
--     type: counter
--     help: "Blocks that the statement read from temporary files."
--   pg_stat_statements_wal_records_total:
--     column: wal_records
--     type: counter
--     help: "Records of write-ahead log that the statement caused."
--   pg_stat_statements_wal_fpi_total:
--     column: wal_fpi
--     type: counter
--     help: "Full pages in the write-ahead log that the statement caused."
--   pg_stat_statements_wal_buffers_full_total:
--     column: wal_buffers_full
--     type: counter
--     help: "Times that the statement found the write-ahead log buffers full (PostgreSQL 18 and later)."
--   pg_stat_statements_jit_functions_total:
--     column: jit_functions
--     type: counter
--     help: "Functions that were compiled for the statement (PostgreSQL 15 and later)."
--   pg_stat_statements_jit_seconds_total:
--     column: jit_seconds
--     type: counter
--     help: "Seconds spent on compiling for the statement (PostgreSQL 15 and later)."
--   pg_stat_statements_parallel_workers_to_launch_total:
--     column: parallel_workers_to_launch
--     type: counter
--     help: "Parallel workers that were planned for the statement (PostgreSQL 18 and later)."
--   pg_stat_statements_parallel_workers_launched_total:
--     column: parallel_workers_launched
--     type: counter
--     help: "Parallel workers that were launched for the statement (PostgreSQL 18 and later)."

-- The longest, shortest and mean times are left out: they are of all time since the reset and do not say when.
-- How columns go by the extension is told in statements.sql, where the others are.
with entry as (
  select
    s.dbid,
    s.userid,
    s.queryid,
    pg_catalog.sum(e.total_exec_time) as pace,
    pg_catalog.sum(e.plans)::bigint as plans,
    pg_catalog.sum(e.plan_seconds) / 1000 as plan_seconds,
    pg_catalog.sum(e.write_seconds) / 1000 as write_seconds,
    pg_catalog.sum(e.local_read_seconds) / 1000 as local_read_seconds,
    pg_catalog.sum(e.local_write_seconds) / 1000 as local_write_seconds,
    pg_catalog.sum(e.temp_read_seconds) / 1000 as temp_read_seconds,
    pg_catalog.sum(e.temp_write_seconds) / 1000 as temp_write_seconds,
    pg_catalog.sum(e.shared_blks_dirtied)::bigint as shared_blks_dirtied,
    pg_catalog.sum(e.shared_blks_written)::bigint as shared_blks_written,
    pg_catalog.sum(e.local_blks_hit)::bigint as local_blks_hit,
    pg_catalog.sum(e.local_blks_read)::bigint as local_blks_read,
    pg_catalog.sum(e.local_blks_dirtied)::bigint as local_blks_dirtied,
    pg_catalog.sum(e.local_blks_written)::bigint as local_blks_written,
    pg_catalog.sum(e.temp_blks_read)::bigint as temp_blks_read,
    pg_catalog.sum(e.wal_records)::bigint as wal_records,
    pg_catalog.sum(e.wal_fpi)::bigint as wal_fpi,
    pg_catalog.sum(e.wal_buffers_full)::bigint as wal_buffers_full,
    pg_catalog.sum(e.jit_functions)::bigint as jit_functions,
    pg_catalog.sum(e.jit_seconds) / 1000 as jit_seconds,
    pg_catalog.sum(e.parallel_workers_to_launch)::bigint as parallel_workers_to_launch,
    pg_catalog.sum(e.parallel_workers_launched)::bigint as parallel_workers_launched
  from :extension_schema.pg_stat_statements(false) as s
  cross join (
    select
      null::float8 as blk_write_time,
      null::float8 as shared_blk_write_time,
      null::float8 as local_blk_read_time,
      null::float8 as local_blk_write_time,
      null::float8 as temp_blk_read_time,
      null::float8 as temp_blk_write_time,
      null::bigint as wal_buffers_full,
      null::bigint as jit_functions,
      null::float8 as jit_generation_time,
      null::float8 as jit_inlining_time,
      null::float8 as jit_optimization_time,
      null::float8 as jit_emission_time,
      null::bigint as parallel_workers_to_launch,
      null::bigint as parallel_workers_launched
  ) as lacking
  cross join lateral (
    select
      total_exec_time,
      plans,
      total_plan_time as plan_seconds,
      coalesce(shared_blk_write_time, blk_write_time) as write_seconds,
      local_blk_read_time as local_read_seconds,
      local_blk_write_time as local_write_seconds,
      temp_blk_read_time as temp_read_seconds,
      temp_blk_write_time as temp_write_seconds,
      shared_blks_dirtied,
      shared_blks_written,
      local_blks_hit,
      local_blks_read,
      local_blks_dirtied,
      local_blks_written,
      temp_blks_read,
      wal_records,
      wal_fpi,
      wal_buffers_full,
      jit_functions,
      jit_generation_time + jit_inlining_time + jit_optimization_time + jit_emission_time as jit_seconds,
      parallel_workers_to_launch,
      parallel_workers_launched
    from (select s.*) as own
  ) as e
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
    pg_catalog.row_number() over (order by pace desc) as place,
    pg_catalog.current_setting('track_io_timing')::boolean as is_timed
  from entry
)
select
  coalesce(d.datname, r.dbid::text) as datname,
  coalesce(u.rolname, r.userid::text) as "user",
  r.queryid::text as queryid,
  r.pace,
  r.plans,
  r.plan_seconds,
  case when r.is_timed or r.write_seconds > 0 then r.write_seconds end as write_seconds,
  case when r.is_timed or r.local_read_seconds > 0 then r.local_read_seconds end as local_read_seconds,
  case when r.is_timed or r.local_write_seconds > 0 then r.local_write_seconds end as local_write_seconds,
  case when r.is_timed or r.temp_read_seconds > 0 then r.temp_read_seconds end as temp_read_seconds,
  case when r.is_timed or r.temp_write_seconds > 0 then r.temp_write_seconds end as temp_write_seconds,
  r.shared_blks_dirtied,
  r.shared_blks_written,
  r.local_blks_hit,
  r.local_blks_read,
  r.local_blks_dirtied,
  r.local_blks_written,
  r.temp_blks_read,
  r.wal_records,
  r.wal_fpi,
  r.wal_buffers_full,
  r.jit_functions,
  r.jit_seconds,
  r.parallel_workers_to_launch,
  r.parallel_workers_launched
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
  pg_catalog.sum(plans)::bigint,
  pg_catalog.sum(plan_seconds),
  case when pg_catalog.bool_or(is_timed) then pg_catalog.sum(write_seconds) end,
  case when pg_catalog.bool_or(is_timed) then pg_catalog.sum(local_read_seconds) end,
  case when pg_catalog.bool_or(is_timed) then pg_catalog.sum(local_write_seconds) end,
  case when pg_catalog.bool_or(is_timed) then pg_catalog.sum(temp_read_seconds) end,
  case when pg_catalog.bool_or(is_timed) then pg_catalog.sum(temp_write_seconds) end,
  pg_catalog.sum(shared_blks_dirtied)::bigint,
  pg_catalog.sum(shared_blks_written)::bigint,
  pg_catalog.sum(local_blks_hit)::bigint,
  pg_catalog.sum(local_blks_read)::bigint,
  pg_catalog.sum(local_blks_dirtied)::bigint,
  pg_catalog.sum(local_blks_written)::bigint,
  pg_catalog.sum(temp_blks_read)::bigint,
  pg_catalog.sum(wal_records)::bigint,
  pg_catalog.sum(wal_fpi)::bigint,
  pg_catalog.sum(wal_buffers_full)::bigint,
  pg_catalog.sum(jit_functions)::bigint,
  pg_catalog.sum(jit_seconds),
  pg_catalog.sum(parallel_workers_to_launch)::bigint,
  pg_catalog.sum(parallel_workers_launched)::bigint
from ranked
where place > 5000
having pg_catalog.count(*) > 0
