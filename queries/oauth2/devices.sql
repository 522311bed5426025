-- help: Device authorizations by state.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [devices]
-- needs: {max_pages: 8000}
-- labels: [state]
-- metrics:
--   oauth2_device_authorizations:
--     column: devices
--     type: gauge
--     help: "Device authorizations by state; expired ones were neither denied nor used in time."

with counted as (
  select
    case
      when state in ('denied', 'used') then state
      when expires <= pg_catalog.now() then 'expired'
      else state
    end as state,
    pg_catalog.count(*) as devices
  from :devices as device
  group by 1
)
-- Every store shows these two; approved, denied and used are there when some device is.
select
  state,
  coalesce(counted.devices, 0) as devices
from pg_catalog.unnest('{pending,expired}'::text[]) as state
full join counted
  using (state)
