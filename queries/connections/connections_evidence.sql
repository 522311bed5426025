-- help: Who holds the connections, while more than 70 % of those for ordinary roles are taken.
-- every: 15s
-- timeout: 1s
-- limit: 50
-- evidence: connections

with setting as (
  select
    pg_catalog.current_setting('max_connections')::int
      - pg_catalog.current_setting('superuser_reserved_connections')::int
      -- Since 16. Asked for as one that may be missing, so that one text serves all versions.
      - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) as connections
),
-- Walsenders and workers have slots of their own; only client backends count against max_connections.
session as materialized (
  select
    a.usename,
    a.application_name,
    a.datname,
    coalesce(pg_catalog.host(a.client_addr), 'local') as client,
    a.state,
    extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::float8 as state_seconds,
    extract(epoch from pg_catalog.clock_timestamp() - a.backend_start)::float8 as connected_seconds
  from pg_catalog.pg_stat_activity as a
  where a.backend_type = 'client backend'
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
),
used as (
  select pg_catalog.count(*) as sessions
  from session
)
select
  pg_catalog.count(*) as sessions,
  session.usename,
  session.application_name,
  session.datname,
  session.client,
  session.state,
  pg_catalog.max(session.state_seconds) as state_seconds,
  pg_catalog.max(session.connected_seconds) as connected_seconds,
  used.sessions as used_in_all,
  setting.connections as for_ordinary_roles,
  case when session.state = 'idle' then pg_catalog.format(
    'select pg_terminate_backend(pid) from pg_stat_activity where usename = %L and application_name = %L'
    || ' and state = ''idle'' and state_change < now() - interval ''10 minutes''',
    session.usename,
    session.application_name
  ) end as remedy
from session
cross join used
cross join setting
where used.sessions > 0.7 * setting.connections
group by
  session.usename,
  session.application_name,
  session.datname,
  session.client,
  session.state,
  used.sessions,
  setting.connections
order by
  pg_catalog.count(*) desc,
  connected_seconds desc
