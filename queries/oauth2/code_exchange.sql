-- help: How long it takes until an authorization code is exchanged, where the store holds the time of it.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [codes]
-- shows: [codes.used_at]
-- needs: {max_pages: 8000}
-- labels: []
-- metrics:
--   oauth2_authorization_code_exchange_seconds:
--     column: exchange
--     type: histogram
--     help: "Seconds from issue to exchange of the authorization codes issued in the last hour."

with exchanged as (
  select greatest(0, extract(epoch from used_at - issued))::float8 as seconds
  from :codes_issued_within_1h as code
  where pg_catalog.isfinite(used_at)
    and issued <= pg_catalog.now() + interval '1 day'
)
select
  '{0.5,1,2,5,10,30,60,120,300,600}'::float8[] as exchange_bounds,
  array[
    pg_catalog.count(*) filter (where seconds <= 0.5),
    pg_catalog.count(*) filter (where seconds <= 1),
    pg_catalog.count(*) filter (where seconds <= 2),
    pg_catalog.count(*) filter (where seconds <= 5),
    pg_catalog.count(*) filter (where seconds <= 10),
    pg_catalog.count(*) filter (where seconds <= 30),
    pg_catalog.count(*) filter (where seconds <= 60),
    pg_catalog.count(*) filter (where seconds <= 120),
    pg_catalog.count(*) filter (where seconds <= 300),
    pg_catalog.count(*) filter (where seconds <= 600)
  ] as exchange_buckets,
  pg_catalog.count(*) as exchange_count,
  coalesce(pg_catalog.sum(seconds), 0) as exchange_sum
from exchanged
having :codes_has_issued
  and :codes_has_used_at
