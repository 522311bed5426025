-- help: Sizes of tables and of their parts.
-- every: 5m
-- timeout: 10s
-- scope: database
-- labels: [schemaname, relname]
-- limit: 55
-- rest: true
-- metrics:
--   pg_table_size_bytes:
--     column: total
--     type: gauge
--     help: "Bytes that the table takes with all its parts; absent while somebody has it locked exclusively."
--   pg_table_heap_size_bytes:
--     column: heap
--     type: gauge
--     help: "Bytes of the table's rows, without those that TOAST holds."
--   pg_table_toast_size_bytes:
--     column: toast
--     type: gauge
--     help: "Bytes of the table's large values and their index, 0 without any."
--   pg_table_indexes_size_bytes:
--     column: indexes
--     type: gauge
--     help: "Bytes of the table's indexes, 0 without any."
--   pg_table_maps_size_bytes:
--     column: maps
--     type: gauge
--     help: "Bytes of the table's free space map and visibility map."

-- The functions for sizes take a lock: they would wait behind ACCESS EXCLUSIVE, held or awaited, and one such table
-- would cost the whole answer. So a table that is locked like that, or an index of it is, has no value. Asked of all
-- tables of a large database they also leave hundreds of megabytes in the server process: only the 200 largest are
-- measured. Of the others the last vacuum or analyze knew the size, but not that of their maps. What is dropped
-- meanwhile has size NULL.
with locked as materialized (
  select relation
  from pg_catalog.pg_locks
  where locktype = 'relation'
    and mode = 'AccessExclusiveLock'
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
),
kept_away as materialized (
  select relation
  from locked
  union
  select indrelid
  from pg_catalog.pg_index
  where indexrelid in (select relation from locked)
),
index_pages as (
  select
    index.indrelid,
    pg_catalog.sum(class.relpages) as pages
  from pg_catalog.pg_index as index
  join pg_catalog.pg_class as class
    on class.oid = index.indexrelid
  group by index.indrelid
),
ranked as materialized (
  select
    class.oid,
    class.reltoastrelid,
    namespace.nspname,
    class.relname,
    class.relpages as heap_pages,
    coalesce(toast.relpages + toast_index.pages, 0) as toast_pages,
    coalesce(index_pages.pages, 0) as index_pages,
    pg_catalog.row_number() over (
      order by
        class.relpages + coalesce(toast.relpages, 0) + coalesce(index_pages.pages, 0) desc,
        class.reltuples desc,
        class.oid
    ) as place
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = class.relnamespace
  left join pg_catalog.pg_class as toast
    on toast.oid = class.reltoastrelid
  left join index_pages as toast_index
    on toast_index.indrelid = class.reltoastrelid
  left join index_pages
    on index_pages.indrelid = class.oid
  where class.relkind in ('r', 'm')
    and class.relpersistence <> 't'
    and namespace.nspname not in ('pg_catalog', 'information_schema')
),
looked_at as (
  select
    ranked.*,
    place > 200 as is_estimated,
    place <= 200 and not exists (
      select
      from kept_away
      where relation in (ranked.oid, ranked.reltoastrelid)
    ) as is_measured,
    pg_catalog.current_setting('block_size')::bigint as block_size
  from ranked
),
part as (
  select
    nspname,
    relname,
    place,
    is_measured,
    case
      when is_measured then pg_catalog.pg_relation_size(oid, 'main')
      when is_estimated then heap_pages * block_size
    end as heap,
    case
      when reltoastrelid = 0 then 0
      when is_measured then pg_catalog.pg_total_relation_size(reltoastrelid)
      when is_estimated then toast_pages * block_size
    end as toast,
    case
      when is_measured then pg_catalog.pg_indexes_size(oid)
      when is_estimated then index_pages * block_size
    end as indexes,
    case
      when is_measured
      then pg_catalog.pg_relation_size(oid, 'fsm')
        + pg_catalog.pg_relation_size(oid, 'vm')
        + pg_catalog.pg_relation_size(oid, 'init')
    end as maps
  from looked_at
)
select
  case when place <= 2000 then nspname end as schemaname,
  case when place <= 2000 then relname end as relname,
  pg_catalog.sum(heap + toast + indexes + case when is_measured then maps else 0 end)::bigint as total,
  pg_catalog.sum(heap)::bigint as heap,
  pg_catalog.sum(toast)::bigint as toast,
  pg_catalog.sum(indexes)::bigint as indexes,
  pg_catalog.sum(maps)::bigint as maps
from part
group by
  1,
  2
order by pg_catalog.min(place)
