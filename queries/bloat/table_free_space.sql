-- help: Free space in the largest tables and their TOAST, by a sample of the free space map.
-- every: 1h
-- timeout: 20s
-- scope: database
-- needs: {extension: pg_freespacemap}
-- labels: [method, part, schemaname, relname]
-- limit: 100
-- rest: true
-- metrics:
--   pg_table_free_space_bytes:
--     column: free
--     type: gauge
--     help: "Bytes of free space in a table's pages, as its last VACUUM saw them: room for new rows that stays on disk."
--   pg_table_free_space_error_bytes:
--     column: error
--     type: gauge
--     help: "Bytes that the free space of a table may be off because of the sample, 19 times out of 20; 0 if all was read."

-- At most 1,000 lookups a relation, whatever its size, each in a stretch of its own and at a random place in it: at equal
-- distances they would fall into step with rows that are deleted in a pattern.
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
),
extent as (
  select
    r.*,
    r.size / pg_catalog.current_setting('block_size')::int8 as pages,
    least(r.size / pg_catalog.current_setting('block_size')::int8, 1000) as lookups
  from named as r
)
select
  'fsm' as method,
  e.part,
  e.schemaname,
  e.relname,
  s.mean * e.pages as free,
  case
    when e.lookups < e.pages then 1.96 * s.deviation / pg_catalog.sqrt(e.lookups) * e.pages
    else 0
  end as error
from extent as e
cross join lateral (
  select
    pg_catalog.avg(v.bytes)::float8 as mean,
    coalesce(pg_catalog.stddev_samp(v.bytes), 0)::float8 as deviation
  from (
    select :extension_schema.pg_freespace(
      e.oid,
      case
        when e.lookups < e.pages then pg_catalog.floor((g.n + pg_catalog.random()) * e.pages / e.lookups)::int8
        else g.n
      end
    ) as bytes
    from pg_catalog.generate_series(0, e.lookups - 1) as g (n)
  ) as v
) as s
where e.pages > 0
order by free desc
