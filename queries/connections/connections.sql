-- help: Connection slots, used and left for ordinary roles.
-- every: 15s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_connections_max:
--     column: max_connections
--     type: gauge
--     help: "Client connections that the server accepts at most, reserved ones included."
--   pg_connections_superuser_reserved:
--     column: superuser_reserved
--     type: gauge
--     help: "Connections of the maximum that only superusers can take."
--   pg_connections_reserved:
--     column: reserved
--     type: gauge
--     help: "Connections of the maximum kept for members of pg_use_reserved_connections (PostgreSQL 16 and later)."
--   pg_connections_used:
--     column: used
--     type: gauge
--     help: "Connections that clients hold, those of this exporter included."
--   pg_connections_remaining:
--     column: remaining
--     type: gauge
--     help: "Connections that roles without privileges can still open before the server refuses them."
--   pg_connections_used_ratio:
--     column: used_ratio
--     type: gauge
--     help: "Connections that clients hold as a share of those for ordinary roles; at 1 and above these are refused."

-- Walsenders and workers have slots of their own; only client backends count against max_connections.
with slot as (
  select
    pg_catalog.current_setting('max_connections')::int as max_connections,
    pg_catalog.current_setting('superuser_reserved_connections')::int as superuser_reserved,
    -- Since 16. Asked for as one that may be missing, so that one text serves all versions.
    pg_catalog.current_setting('reserved_connections', true)::int as reserved,
    -- Without that role the type of other roles' sessions is hidden, and the count would be too low.
    case when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then (
      select pg_catalog.count(*)
      from pg_catalog.pg_stat_activity
      where backend_type = 'client backend'
    ) end as used
)
select
  max_connections,
  superuser_reserved,
  reserved,
  used,
  -- greatest() ignores NULL: it would turn an unknown number into 0.
  case when used is not null then greatest(
    0,
    max_connections - superuser_reserved - coalesce(reserved, 0) - used
  ) end as remaining,
  -- The server does not start unless some are left for ordinary roles.
  used::float8 / (max_connections - superuser_reserved - coalesce(reserved, 0)) as used_ratio
from slot
