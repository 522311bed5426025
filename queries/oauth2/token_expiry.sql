-- help: Live tokens that expire soon, and those that never do.
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
--     help: "Active tokens that expire within the time given, those of the shorter times included."
--   oauth2_tokens_without_expiry:
--     column: without_expiry
--     type: gauge
--     help: "Active tokens that never expire."

with live as (
  select
    kind,
    pg_catalog.count(*) filter (where expires <= pg_catalog.now() + interval '5 minutes') as within_5m,
    pg_catalog.count(*) filter (where expires <= pg_catalog.now() + interval '1 hour') as within_1h,
    pg_catalog.count(*) filter (where expires <= pg_catalog.now() + interval '24 hours') as within_24h,
    pg_catalog.count(*) filter (where expires is null or not pg_catalog.isfinite(expires)) as without_expiry
  from :tokens as token
  where not revoked
    and not used
    and (expires is null or expires > pg_catalog.now())
  group by kind
),
known as (
  select
    kind,
    coalesce(live.within_5m, 0) as within_5m,
    coalesce(live.within_1h, 0) as within_1h,
    coalesce(live.within_24h, 0) as within_24h,
    coalesce(live.without_expiry, 0) as without_expiry
  from pg_catalog.unnest(:tokens_kinds) as kind
  full join live
    using (kind)
)
select
  kind,
  '5m' as within,
  within_5m as expiring,
  null::bigint as without_expiry
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
