-- help: Connections of each database, beside its limit.
-- every: 15s
-- timeout: 1s
-- labels: [datname]
-- limit: 2000
-- metrics:
--   pg_database_connection_limit:
--     column: connection_limit
--     type: gauge
--     help: "Connections that the database accepts at most; absent when it has no limit of its own."
--   pg_database_connections:
--     column: connections
--     type: gauge
--     help: "Client connections to the database; absent for a database with neither connections nor a limit."

-- datconnlimit: -1 is no limit, -2 marks a database whose DROP was interrupted.
with client as (
  select
    datid,
    pg_catalog.count(*) as connections
  from pg_catalog.pg_stat_activity
  where backend_type = 'client backend'
  group by datid
)
select
  d.datname,
  case when d.datconnlimit >= 0 then d.datconnlimit end as connection_limit,
  -- Without it other roles' sessions cannot be told from background processes.
  case when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then coalesce(c.connections, 0) end as connections
from pg_catalog.pg_database as d
left join client as c
  on c.datid = d.oid
where d.datconnlimit >= 0
  or c.connections > 0
order by
  c.connections desc nulls last,
  d.datname
