with counted as (
  select
    case when :users_has_provider then case when provider <> '' then provider else 'local' end end as provider,
    count(*) filter (where enabled) as enabled,
    count(*) filter (where not enabled) as disabled
  from :users as account
  group by 1
),
ranked as (
  select
    provider,
    enabled,
    disabled,
    row_number() over (order by enabled + disabled desc, provider) as place
  from counted
),
bounded as (
  select
    case when place <= 15 then provider else 'other' end as provider,
    sum(enabled) as enabled,
    sum(disabled) as disabled
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
