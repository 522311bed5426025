with counted as (
  select
    case
      when used then 'exchanged'
      when expires <= now() then 'abandoned'
      else 'pending'
    end as state,
    count(*) as codes
  from :codes as code
  where coalesce(issued, expires) > now() - 3600
  group by 1
),
expected (state, shown) as (
  values
    ('pending', true),
    ('abandoned', true),
    ('exchanged', :codes_has_used)
)
select
  expected.state,
  coalesce(counted.codes, 0) as codes
from expected
left join counted
  on counted.state = expected.state
where shown
