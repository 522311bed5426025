-- help: Users by where they come from.
-- every: 5m
-- timeout: 5s
-- scope: database
-- over: [users]
-- needs: {max_pages: 8000}
-- labels: [provider, state]
-- metrics:
--   oauth2_users:
--     column: users
--     type: gauge
--     help: "Users by identity provider; local is none, other are all but the 15 with most users."

with counted as (
  select
    case when :users_has_provider then case when provider <> '' then provider else 'local' end end as provider,
    pg_catalog.count(*) filter (where enabled) as enabled,
    pg_catalog.count(*) filter (where not enabled) as disabled
  from :users as account
  group by 1
),
ranked as (
  select
    provider,
    enabled,
    disabled,
    pg_catalog.row_number() over (order by enabled + disabled desc, provider) as place
  from counted
),
bounded as (
  select
    case when place <= 15 then provider else 'other' end as provider,
    pg_catalog.sum(enabled)::bigint as enabled,
    pg_catalog.sum(disabled)::bigint as disabled
  from ranked
  group by 1
)
select
  provider,
  'enabled' as state,
  enabled as users
from bounded
union all
select
  provider,
  'disabled',
  disabled
from bounded
where :users_has_enabled
