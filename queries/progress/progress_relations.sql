-- help: Long commands that are running, by table and phase.
-- every: 60s
-- timeout: 2s
-- scope: database
-- labels: [schemaname, relname, command, phase]
-- limit: 200
-- metrics:
--   pg_stat_progress_relation_age_seconds:
--     column: age
--     type: gauge
--     help: "Seconds since the command on this table began."
--   pg_stat_progress_relation_done_ratio:
--     column: done
--     type: gauge
--     help: "Share of the phase's work on this table that is done, 0 to 1; absent while unknown."

-- Tables have their names in their own database only.
with running as (
  select
    pid,
    datname,
    relid,
    'VACUUM' as command,
    phase,
    case phase
      when 'scanning heap' then heap_blks_scanned
      when 'vacuuming heap' then heap_blks_vacuumed
      -- Since 17; read as JSON, where a column that is not there is NULL.
      else (pg_catalog.to_jsonb(p) ->> 'indexes_processed')::int8
    end as done,
    case
      when phase in ('scanning heap', 'vacuuming heap') then heap_blks_total
      else (pg_catalog.to_jsonb(p) ->> 'indexes_total')::int8
    end as work
  from pg_catalog.pg_stat_progress_vacuum as p
  union all
  select
    pid,
    datname,
    relid,
    'ANALYZE',
    phase,
    case when sample_blks_total > 0 then sample_blks_scanned else child_tables_done end,
    case when sample_blks_total > 0 then sample_blks_total else child_tables_total end
  from pg_catalog.pg_stat_progress_analyze
  union all
  select
    pid,
    datname,
    relid,
    command,
    phase,
    case
      when phase like 'waiting%' then lockers_done
      when blocks_total > 0 then blocks_done
      else tuples_done
    end,
    case
      when phase like 'waiting%' then lockers_total
      when blocks_total > 0 then blocks_total
      else tuples_total
    end
  from pg_catalog.pg_stat_progress_create_index
  union all
  select
    pid,
    datname,
    relid,
    command,
    phase,
    heap_blks_scanned,
    heap_blks_total
  from pg_catalog.pg_stat_progress_cluster
)
select
  namespace.nspname as schemaname,
  coalesce(class.relname, r.relid::text) as relname,
  r.command,
  r.phase,
  pg_catalog.max(
    greatest(0, extract(epoch from pg_catalog.clock_timestamp() - a.query_start))::float8
  ) as age,
  -- A total of 0 is one that is not known.
  pg_catalog.min(case when r.work > 0 then least(1, r.done::float8 / r.work) end) as done
from running as r
left join pg_catalog.pg_class as class
  on class.oid = r.relid
left join pg_catalog.pg_namespace as namespace
  on namespace.oid = class.relnamespace
left join pg_catalog.pg_stat_activity as a
  on a.pid = r.pid
where r.datname = pg_catalog.current_database()
  and r.phase is not null
group by
  namespace.nspname,
  class.relname,
  r.relid,
  r.command,
  r.phase
order by
  age desc nulls last,
  schemaname,
  relname,
  r.command,
  r.phase
