with live as (
  select
    kind,
    count(*) filter (where expires <= now() + 300) as within_5m,
    count(*) filter (where expires <= now() + 3600) as within_1h,
    count(*) filter (where expires <= now() + 86400) as within_24h,
    count(*) filter (where expires is null) as without_expiry
  from :tokens as token
  where not revoked
    and not used
    and (expires is null or expires > now())
  group by kind
),
kinds (kind) as (
  select value
  from json_each(:tokens_kinds)
  union
  select kind
  from live
),
known as (
  select
    kinds.kind,
    coalesce(live.within_5m, 0) as within_5m,
    coalesce(live.within_1h, 0) as within_1h,
    coalesce(live.within_24h, 0) as within_24h,
    coalesce(live.without_expiry, 0) as without_expiry
  from kinds
  left join live
    on live.kind = kinds.kind
)
select
  kind,
  '5m' as within,
  within_5m as expiring,
  null as without_expiry
from known
union all
select
  kind,
  '1h',
  within_1h,
  null
from known
union all
select
  kind,
  '24h',
  within_24h,
  null
from known
union all
select
  kind,
  null,
  null,
  without_expiry
from known
