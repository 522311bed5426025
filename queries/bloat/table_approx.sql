-- help: Free space and dead rows in the largest tables and their TOAST, by pgstattuple_approx.
-- every: 1h
-- timeout: 20s
-- scope: database
-- needs: {extension: pgstattuple}
-- labels: [method, part, schemaname, relname]
-- limit: 100
-- rest: true
-- metrics:
--   pg_table_approx_free_bytes:
--     column: free
--     type: gauge
--     help: "Bytes of free space in a table's pages, those that the visibility map does not vouch for read one by one."
--   pg_table_approx_dead_bytes:
--     column: dead
--     type: gauge
--     help: "Bytes of dead rows in a table that no VACUUM has removed yet."

-- It reads each page that the visibility map does not call all-visible, and looks up every other one in the free space map
-- (about 0.2 microseconds). So it is for tables with at most 1,000 pages to be read, and of 1 GB at most.
-- What somebody has locked ACCESS EXCLUSIVE, or waits to lock so, is left out: looking at it would wait, too.
with large as materialized (
  select
    c.oid,
    c.relkind,
    pg_catalog.pg_relation_size(c.oid) as size
  from (
    select
      oid,
      relkind
    from pg_catalog.pg_class
    where relkind in ('r', 'm', 't')
      and relpages >= 10
      and relpersistence <> 't'
      and relam = (select oid from pg_catalog.pg_am where amname = 'heap')
      -- TOAST since 14.
      and (relkind <> 't' or pg_catalog.current_setting('server_version_num')::int >= 140000)
      and relpages - relallvisible <= 1000
      and relpages <= 131072
      and oid not in (
        select relation
        from pg_catalog.pg_locks
        where locktype = 'relation'
          and mode = 'AccessExclusiveLock'
          and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
      )
    order by relpages desc
    limit 60
  ) as c
),
named as materialized (
  select
    l.oid,
    case l.relkind when 't' then 'toast' else 'heap' end as part,
    n.nspname as schemaname,
    t.relname,
    l.size
  from large as l
  -- TOAST belongs to the table that it depends on.
  left join pg_catalog.pg_depend as d
    on l.relkind = 't'
    and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.objid = l.oid
    and d.objsubid = 0
    and d.deptype = 'i'
  join pg_catalog.pg_class as t on t.oid = coalesce(d.refobjid, l.oid)
  join pg_catalog.pg_namespace as n on n.oid = t.relnamespace
  -- Tables of the system catalogue count when they are large; no dependency tells whose their TOAST is.
  where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') or t.relpages >= 1000
)
select
  'approx' as method,
  r.part,
  r.schemaname,
  r.relname,
  a.approx_free_space as free,
  a.dead_tuple_len as dead
from named as r
cross join lateral :extension_schema.pgstattuple_approx(r.oid) as a
order by free desc
