with counted as (
  select
    kind,
    count(*) filter (where expires is null or expires > now()) as active,
    count(*) filter (where expires <= now()) as expired
  from :denylist as entry
  group by kind
),
ranked as (
  select
    kind,
    active,
    expired,
    row_number() over (order by active + expired desc, kind) as place
  from counted
),
bounded as (
  select
    case when place <= 15 then kind else 'other' end as kind,
    sum(active) as active,
    sum(expired) as expired
  from ranked
  group by 1
)
select
  kind,
  'active' as state,
  active as entries
from bounded
union all
select
  kind,
  'expired',
  expired
from bounded
