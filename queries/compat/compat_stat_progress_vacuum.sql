-- help: Vacuums in progress as postgres_exporter shows them.
-- every: 15s
-- timeout: 1s
-- scope: database
-- labels: [relname]
-- limit: 200
-- metrics:
--   pg_stat_progress_vacuum_heap_blks:
--     column: heap_blks
--     type: gauge
--     help: "Total number of heap blocks in the table being vacuumed."
--   pg_stat_progress_vacuum_heap_blks_scanned:
--     column: heap_blks_scanned
--     type: gauge
--     help: "Number of heap blocks scanned so far."
--   pg_stat_progress_vacuum_heap_blks_vacuumed:
--     column: heap_blks_vacuumed
--     type: gauge
--     help: "Number of heap blocks vacuumed so far."
--   pg_stat_progress_vacuum_index_vacuums:
--     column: index_vacuums
--     type: gauge
--     help: "Number of completed index vacuum cycles."
--   pg_stat_progress_vacuum_max_dead_tuples:
--     column: max_dead_tuples
--     type: gauge
--     help: "Maximum number of dead tuples that can be stored before cleanup; bytes since PostgreSQL 17."
--   pg_stat_progress_vacuum_num_dead_tuples:
--     column: num_dead_tuples
--     type: gauge
--     help: "Current number of dead tuples found so far; bytes since PostgreSQL 17."

-- The name of the table is known in its own database alone, hence one run for each.
select
  coalesce(p.relid::pg_catalog.regclass::text, 'unknown') as relname,
  p.heap_blks_total as heap_blks,
  p.heap_blks_scanned as heap_blks_scanned,
  p.heap_blks_vacuumed as heap_blks_vacuumed,
  p.index_vacuum_count as index_vacuums,
  p.max_dead_tuples as max_dead_tuples,
  p.num_dead_tuples as num_dead_tuples
from pg_catalog.pg_stat_progress_vacuum as p
where p.datname = pg_catalog.current_database()
order by p.pid
