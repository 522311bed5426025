with counted as (
  select
    case
      when state in ('denied', 'used') then state
      when expires <= now() then 'expired'
      else state
    end as state,
    count(*) as devices
  from :devices as device
  group by 1
),
known (state) as (
  values
    ('pending'),
    ('expired')
  union
  select state
  from counted
)
select
  known.state,
  coalesce(counted.devices, 0) as devices
from known
left join counted
  on counted.state = known.state
