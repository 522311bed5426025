-- help: What each running vacuum has done.
-- every: 60s
-- timeout: 2s
-- scope: database
-- labels: [schemaname, relname]
-- limit: 500
-- metrics:
--   pg_stat_progress_vacuum_heap_blks:
--     column: heap_blks
--     type: gauge
--     help: "Blocks of the table when the vacuum began."
--   pg_stat_progress_vacuum_heap_blks_scanned:
--     column: heap_blks_scanned
--     type: gauge
--     help: "Blocks of the table that were scanned, or skipped as all visible."
--   pg_stat_progress_vacuum_heap_blks_vacuumed:
--     column: heap_blks_vacuumed
--     type: gauge
--     help: "Blocks of the table that were vacuumed; without indexes that happens while they are scanned."
--   pg_stat_progress_vacuum_index_vacuums:
--     column: index_vacuums
--     type: gauge
--     help: "Times that all indexes were vacuumed; more than one: raise maintenance_work_mem."
--   pg_stat_progress_vacuum_num_dead_tuples:
--     column: num_dead_tuples
--     type: gauge
--     help: "Dead rows remembered since the indexes were vacuumed last."
--   pg_stat_progress_vacuum_max_dead_tuples:
--     column: max_dead_tuples
--     type: gauge
--     help: "Dead rows that can be remembered before the indexes must be vacuumed; absent since PostgreSQL 17."
--   pg_stat_progress_vacuum_dead_tuple_bytes:
--     column: dead_tuple_bytes
--     type: gauge
--     help: "Bytes of the dead rows remembered; absent before PostgreSQL 17."
--   pg_stat_progress_vacuum_max_dead_tuple_bytes:
--     column: max_dead_tuple_bytes
--     type: gauge
--     help: "Bytes of dead rows that can be remembered before indexes must be vacuumed; absent before PostgreSQL 17."
--   pg_stat_progress_vacuum_indexes:
--     column: indexes
--     type: gauge
--     help: "Indexes that this round has to vacuum or clean up; absent before PostgreSQL 17."
--   pg_stat_progress_vacuum_indexes_processed:
--     column: indexes_processed
--     type: gauge
--     help: "Indexes that this round has vacuumed or cleaned up; absent before PostgreSQL 17."
--   pg_stat_progress_vacuum_delay_seconds:
--     column: delay
--     type: gauge
--     help: "Seconds slept because of vacuum_cost_delay, where track_cost_delay_timing is on; absent before PostgreSQL 18."

-- 17 renamed columns, and counts in bytes what was counted in rows: read as JSON, where a column that is not there
-- is NULL.
select
  namespace.nspname as schemaname,
  coalesce(class.relname, p.relid::text) as relname,
  p.heap_blks_total as heap_blks,
  p.heap_blks_scanned,
  p.heap_blks_vacuumed,
  p.index_vacuum_count as index_vacuums,
  coalesce(p.more ->> 'num_dead_item_ids', p.more ->> 'num_dead_tuples')::int8 as num_dead_tuples,
  (p.more ->> 'max_dead_tuples')::int8 as max_dead_tuples,
  (p.more ->> 'dead_tuple_bytes')::int8 as dead_tuple_bytes,
  (p.more ->> 'max_dead_tuple_bytes')::int8 as max_dead_tuple_bytes,
  (p.more ->> 'indexes_total')::int8 as indexes,
  (p.more ->> 'indexes_processed')::int8 as indexes_processed,
  case
    when pg_catalog.current_setting('track_cost_delay_timing', true) = 'on'
    then (p.more ->> 'delay_time')::float8 / 1000
  end as delay
from (
  select
    v.*,
    pg_catalog.to_jsonb(v) as more
  from pg_catalog.pg_stat_progress_vacuum as v
) as p
left join pg_catalog.pg_class as class
  on class.oid = p.relid
left join pg_catalog.pg_namespace as namespace
  on namespace.oid = class.relnamespace
where p.datname = pg_catalog.current_database()
  and p.phase is not null
order by
  p.heap_blks_total desc,
  schemaname,
  relname
