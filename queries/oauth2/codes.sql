-- help: What became of the authorization codes of the last hour, and those that stayed longer.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [codes]
-- needs: {max_pages: 8000}
-- labels: [state]
-- metrics:
--   oauth2_authorization_codes:
--     column: codes
--     type: gauge
--     help: "Authorization codes of the last hour by what became of them; abandoned ones expired unused."

-- The hour is that since the issue; where the store does not hold it, since the expiry, which is minutes later.
with counted as (
  select
    case
      when used then 'exchanged'
      when expires <= pg_catalog.now() then 'abandoned'
      else 'pending'
    end as state,
    pg_catalog.count(*) as codes
  from :codes as code
  where coalesce(issued, expires) > pg_catalog.now() - interval '1 hour'
  group by 1
),
expected as (
  select state
  from (
    values
      ('pending', true),
      ('abandoned', true),
      -- Where use deletes the row nothing is left to count.
      ('exchanged', :codes_has_used)
  ) as state (state, shown)
  where shown
)
select
  state,
  coalesce(counted.codes, 0) as codes
from expected
full join counted
  using (state)
