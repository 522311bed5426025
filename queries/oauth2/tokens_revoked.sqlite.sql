with clock as (
  select cast((now() - 600) / 10 as integer) * 10 as window_start
),
recent as (
  select
    kind,
    cast(revoked_at / 10 as integer) * 10 as bucket,
    count(*) as events
  from :tokens_revoked_at_within_11m as token
  where revoked_at <= now() + 86400
  group by
    kind,
    2
)
select
  recent.kind,
  clock.window_start,
  recent.bucket,
  recent.events
from recent
inner join clock
  on recent.bucket >= clock.window_start
union all
select
  kind.value,
  clock.window_start,
  null,
  0
from clock
cross join json_each(:tokens_kinds_with_revoked_at) as kind
