with clock as (
  select cast((now() - 600) / 10 as integer) * 10 as window_start
),
recent as (
  select
    cast(created / 10 as integer) * 10 as bucket,
    count(*) as events
  from :users_created_within_11m as account
  where created <= now() + 86400
  group by 1
)
select
  clock.window_start,
  recent.bucket,
  recent.events
from recent
inner join clock
  on recent.bucket >= clock.window_start
union all
select
  window_start,
  null,
  0
from clock
where :users_has_created
