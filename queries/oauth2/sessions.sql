-- help: Login sessions by state.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [sessions]
-- needs: {max_pages: 8000}
-- labels: [state]
-- metrics:
--   oauth2_sessions:
--     column: sessions
--     type: gauge
--     help: "Login sessions by state; overdue ones expired longer ago than the retention."

with counted as (
  select
    case
      when expires + :sessions_retention <= pg_catalog.now() then 'overdue'
      when expires <= pg_catalog.now() then 'expired'
      else 'active'
    end as state,
    pg_catalog.count(*) as sessions
  from :sessions as session
  group by 1
)
select
  state,
  coalesce(counted.sessions, 0) as sessions
from pg_catalog.unnest('{active,expired,overdue}'::text[]) as state
left join counted
  using (state)
