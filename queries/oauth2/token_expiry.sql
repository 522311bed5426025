-- help: Live tokens that expire soon, and those that never do; of a large table only the former, by an index on the expiry.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [tokens]
-- needs: {max_pages: 8000}
-- labels: [kind, within]
-- metrics:
--   oauth2_tokens_expiring:
--     column: expiring
--     type: gauge
--     help: "Active tokens that expire within the time given, those of shorter times included; absent if too many to be read."
--   oauth2_tokens_without_expiry:
--     column: without_expiry
--     type: gauge
--     help: "Active tokens that never expire."

-- Of a large table all rows that expire before `known_until` are here, and a number that may lack some is left out.
with live as (
  select
    kind,
    pg_catalog.min(known_until) as known_until,
    pg_catalog.count(*) filter (where is_live) as tokens,
    pg_catalog.count(*) filter (where is_live and expires <= pg_catalog.now() + interval '5 minutes') as within_5m,
    pg_catalog.count(*) filter (where is_live and expires <= pg_catalog.now() + interval '1 hour') as within_1h,
    pg_catalog.count(*) filter (where is_live and expires <= pg_catalog.now() + interval '24 hours') as within_24h,
    pg_catalog.count(*) filter (
      where is_live
        and (expires is null or not pg_catalog.isfinite(expires))
    ) as without_expiry
  from (
    select
      kind,
      expires,
      known_until,
      not revoked and not used and (expires is null or expires > pg_catalog.now()) as is_live
    from :tokens_or_expires_next_24h as token
  ) as token
  group by kind
),
known as (
  select
    kind,
    coalesce((select pg_catalog.min(known_until) from live), 'infinity') as known_until,
    coalesce(live.within_5m, 0) as within_5m,
    coalesce(live.within_1h, 0) as within_1h,
    coalesce(live.within_24h, 0) as within_24h,
    case when :tokens_in_full then coalesce(live.without_expiry, 0) end as without_expiry
  from pg_catalog.unnest(:tokens_kinds) as kind
  full join (
    select *
    from live
    where tokens > 0
  ) as live
    using (kind)
)
select
  kind,
  '5m' as within,
  case when known_until > pg_catalog.now() + interval '5 minutes' then within_5m end as expiring,
  null::bigint as without_expiry
from known
union all
select
  kind,
  '1h',
  case when known_until > pg_catalog.now() + interval '1 hour' then within_1h end,
  null
from known
union all
select
  kind,
  '24h',
  case when known_until > pg_catalog.now() + interval '24 hours' then within_24h end,
  null
from known
union all
select
  kind,
  null,
  null,
  without_expiry
from known
