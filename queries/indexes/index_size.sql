-- help: Size of the largest indexes, and of the others in sum.
-- every: 5m
-- timeout: 2s
-- scope: database
-- labels: [schemaname, relname, indexrelname]
-- limit: 16
-- rest: true
-- metrics:
--   pg_index_size_bytes:
--     column: size
--     type: gauge
--     help: "Bytes of the index on disk; _other is the sum of all smaller ones."

-- Ranked by what pg_class knows: the size at the last VACUUM or ANALYZE. Those that have no chance of a series of
-- their own are not measured.
with ranked as materialized (
  select
    c.oid,
    c.relnamespace,
    c.relname,
    c.relpages::int8 * pg_catalog.current_setting('block_size')::int8 as known_size,
    i.indrelid,
    pg_catalog.row_number() over (order by c.relpages desc, c.oid) as place
  from pg_catalog.pg_class as c
  join pg_catalog.pg_index as i
    on i.indexrelid = c.oid
  join pg_catalog.pg_namespace as n
    on n.oid = c.relnamespace
  where c.relkind = 'i'
    and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
),
-- pg_relation_size() waits for whoever holds or awaits an ACCESS EXCLUSIVE lock; such an index keeps the size that
-- pg_class knows. When one is taken just now, lock_timeout ends the run.
locked as materialized (
  select relation
  from pg_catalog.pg_locks
  where locktype = 'relation'
    and mode = 'AccessExclusiveLock'
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
)
select
  n.nspname as schemaname,
  t.relname,
  r.relname as indexrelname,
  case
    when r.oid in (select relation from locked) then r.known_size
    else pg_catalog.pg_relation_size(r.oid)
  end as size
from ranked as r
join pg_catalog.pg_class as t
  on t.oid = r.indrelid
join pg_catalog.pg_namespace as n
  on n.oid = r.relnamespace
where r.place <= 50
union all
select
  null as schemaname,
  null as relname,
  null as indexrelname,
  pg_catalog.sum(known_size)::int8 as size
from ranked
where place > 50
order by
  size desc nulls last,
  schemaname,
  indexrelname
