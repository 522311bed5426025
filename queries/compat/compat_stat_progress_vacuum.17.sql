-- The name of the table is known in its own database alone, hence one run for each.
select
  coalesce(p.relid::pg_catalog.regclass::text, 'unknown') as relname,
  p.heap_blks_total as heap_blks,
  p.heap_blks_scanned as heap_blks_scanned,
  p.heap_blks_vacuumed as heap_blks_vacuumed,
  p.index_vacuum_count as index_vacuums,
  p.max_dead_tuple_bytes as max_dead_tuples,
  p.dead_tuple_bytes as num_dead_tuples
from pg_catalog.pg_stat_progress_vacuum as p
where p.datname = pg_catalog.current_database()
order by p.pid
