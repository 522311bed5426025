with counted as (
  select
    case when success then 'success' else 'failed' end as state,
    count(*) as migrations,
    max(installed_on) as last_installed
  from :migrations as migration
  group by 1
),
expected (state, shown) as (
  values
    ('success', true),
    ('failed', :migrations_has_success)
)
select
  expected.state,
  coalesce(counted.migrations, 0) as migrations,
  counted.last_installed as last
from expected
left join counted
  on counted.state = expected.state
where shown
