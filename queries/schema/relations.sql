-- help: How many tables, indexes and other relations each database has.
-- every: 15m
-- timeout: 10s
-- scope: database
-- labels: [kind]
-- metrics:
--   pg_relations:
--     column: relations
--     type: gauge
--     help: "Relations outside the system's schemas, by kind; a number that grows day by day is a leak."

-- A temporary one is of whatever kind; an unlogged table is empty after a crash.
select
  case
    when c.relpersistence = 't' then 'temporary'
    when c.relkind = 'r' and c.relpersistence = 'u' then 'unlogged table'
    when c.relkind = 'r' and c.relispartition then 'partition'
    when c.relkind = 'r' then 'table'
    when c.relkind = 'p' then 'partitioned table'
    when c.relkind in ('i', 'I') then 'index'
    when c.relkind = 'S' then 'sequence'
    when c.relkind = 'v' then 'view'
    when c.relkind = 'm' then 'materialized view'
    when c.relkind = 'f' then 'foreign table'
    when c.relkind = 'c' then 'type'
  end as kind,
  pg_catalog.count(*) as relations
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n
  on n.oid = c.relnamespace
where c.relkind <> 't'
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and n.nspname !~ '^pg_toast_temp_'
group by 1
order by 1
