-- help: Connections of each role, beside its limit.
-- every: 15s
-- timeout: 1s
-- labels: [rolname]
-- limit: 2000
-- metrics:
--   pg_roles_connection_limit:
--     column: connection_limit
--     type: gauge
--     help: "Connections that the role can have at most; absent when it has no limit."
--   pg_roles_connections:
--     column: connections
--     type: gauge
--     help: "Client connections of the role; absent for a role with neither connections nor a limit."

-- A superuser is not held to its limit, but the limit is shown as it stands.
with client as (
  select
    usesysid,
    pg_catalog.count(*) as connections
  from pg_catalog.pg_stat_activity
  where backend_type = 'client backend'
  group by usesysid
)
select
  r.rolname,
  case when r.rolconnlimit >= 0 then r.rolconnlimit end as connection_limit,
  -- Without it other roles' sessions cannot be told from background processes.
  case when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then coalesce(c.connections, 0) end as connections
from pg_catalog.pg_roles as r
left join client as c
  on c.usesysid = r.oid
where r.rolcanlogin
  and (r.rolconnlimit >= 0 or c.connections > 0)
order by
  c.connections desc nulls last,
  r.rolname
