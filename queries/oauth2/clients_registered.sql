-- help: Registered clients.
-- every: 5m
-- timeout: 2s
-- scope: database
-- over: [clients]
-- needs: {max_pages: 8000}
-- labels: [state]
-- metrics:
--   oauth2_clients_registered:
--     column: clients
--     type: gauge
--     help: "Clients in the store, each counted once."

with counted as (
  select
    pg_catalog.count(*) filter (where enabled) as enabled,
    pg_catalog.count(*) filter (where not enabled) as disabled
  from :clients as client
)
select
  'enabled' as state,
  enabled as clients
from counted
union all
select
  'disabled',
  disabled
from counted
where :clients_has_enabled
