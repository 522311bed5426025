-- help: Vacuums that run, and the processes that autovacuum has for them.
-- every: 15s
-- timeout: 1s
-- metrics:
--   pg_autovacuum_workers:
--     column: workers
--     type: gauge
--     help: "Autovacuum workers at work; at pg_autovacuum_workers_max all the time, tables wait for them."
--   pg_autovacuum_workers_max:
--     column: most
--     type: gauge
--     help: "Autovacuum workers that can run at the same time."
--   pg_autovacuum_wraparound_workers:
--     column: against_wraparound
--     type: gauge
--     help: "Autovacuum workers that vacuum a table against wraparound; these do not give way to locks."
--   pg_vacuum_running:
--     column: running
--     type: gauge
--     help: "Vacuums that run, by autovacuum or by hand, VACUUM FULL left out."
--   pg_vacuum_oldest_age_seconds:
--     column: oldest
--     type: gauge
--     help: "Seconds since the oldest running vacuum began its table, 0 when none runs."

-- Without pg_read_all_stats the type of other processes is hidden: no row is better than a wrong 0.
with process as (
  select
    activity.backend_type = 'autovacuum worker' as is_worker,
    activity.query like '%(to prevent wraparound)' as is_against_wraparound,
    progress.pid is not null as is_vacuum,
    greatest(0, extract(epoch from pg_catalog.clock_timestamp() - activity.xact_start))::float8 as age
  from pg_catalog.pg_stat_activity as activity
  left join pg_catalog.pg_stat_progress_vacuum as progress
    on progress.pid = activity.pid
)
select
  pg_catalog.count(*) filter (where is_worker) as workers,
  -- Since 18 the number of workers can be raised without a restart, up to that of the slots.
  least(
    pg_catalog.current_setting('autovacuum_max_workers')::bigint,
    pg_catalog.current_setting('autovacuum_worker_slots', true)::bigint
  ) as most,
  pg_catalog.count(*) filter (where is_worker and is_against_wraparound) as against_wraparound,
  pg_catalog.count(*) filter (where is_vacuum) as running,
  coalesce(pg_catalog.max(age) filter (where is_vacuum), 0) as oldest
from process
having pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
