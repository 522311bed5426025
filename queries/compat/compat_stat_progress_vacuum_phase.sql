-- help: Phases of vacuums in progress as postgres_exporter shows them.
-- every: 15s
-- timeout: 1s
-- scope: database
-- labels: [relname, phase]
-- limit: 200
-- metrics:
--   pg_stat_progress_vacuum_phase:
--     column: current
--     type: gauge
--     help: "Current vacuum phase (1 = active, 0 = inactive)."

select
  coalesce(p.relid::pg_catalog.regclass::text, 'unknown') as relname,
  known.phase,
  (known.name = p.phase)::int as current
from pg_catalog.pg_stat_progress_vacuum as p
cross join (
  values
    ('initializing', 'initializing'),
    ('scanning_heap', 'scanning heap'),
    ('vacuuming_indexes', 'vacuuming indexes'),
    ('vacuuming_heap', 'vacuuming heap'),
    ('cleaning_up_indexes', 'cleaning up indexes'),
    ('truncating_heap', 'truncating heap'),
    ('performing_final_cleanup', 'performing final cleanup')
) as known (phase, name)
where p.datname = pg_catalog.current_database()
order by
  p.pid,
  known.phase
