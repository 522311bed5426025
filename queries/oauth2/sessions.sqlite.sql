with counted as (
  select
    case
      when expires + :sessions_retention <= now() then 'overdue'
      when expires <= now() then 'expired'
      else 'active'
    end as state,
    count(*) as sessions
  from :sessions as session
  group by 1
)
select
  known.value as state,
  coalesce(counted.sessions, 0) as sessions
from json_each('["active", "expired", "overdue"]') as known
left join counted
  on counted.state = known.value
