-- help: How long the tokens of the last day are valid; of a large table with an index on the issue, those of 5 minutes.
-- every: 5m
-- timeout: 5s
-- scope: database
-- over: [tokens]
-- needs: {max_pages: 8000}
-- labels: [kind]
-- metrics:
--   oauth2_token_lifetime_seconds:
--     column: lifetime
--     type: histogram
--     help: "Seconds from issue to expiry of tokens issued in the last 24 hours, on a large table 5 minutes; endless ones left out."

with recent as (
  select
    kind,
    -- Whole seconds: where one clock stamps the issue and another the expiry, an hour is 3600.02 as often as 3599.98,
    -- and a bound at 3600 would part the same tokens at random.
    greatest(0, pg_catalog.round(extract(epoch from expires - issued)::numeric))::float8 as seconds
  from :tokens_issued_within_24h_or_5m as token
  -- A writer whose clock is ahead stays in; a time without end would be an error.
  where issued <= pg_catalog.now() + interval '1 day'
    and pg_catalog.isfinite(expires)
)
select
  kind,
  '{60,300,900,3600,7200,43200,86400,604800,2592000,7776000}'::float8[] as lifetime_bounds,
  array[
    pg_catalog.count(*) filter (where seconds <= 60),
    pg_catalog.count(*) filter (where seconds <= 300),
    pg_catalog.count(*) filter (where seconds <= 900),
    pg_catalog.count(*) filter (where seconds <= 3600),
    pg_catalog.count(*) filter (where seconds <= 7200),
    pg_catalog.count(*) filter (where seconds <= 43200),
    pg_catalog.count(*) filter (where seconds <= 86400),
    pg_catalog.count(*) filter (where seconds <= 604800),
    pg_catalog.count(*) filter (where seconds <= 2592000),
    pg_catalog.count(*) filter (where seconds <= 7776000)
  ] as lifetime_buckets,
  pg_catalog.count(seconds) as lifetime_count,
  coalesce(pg_catalog.sum(seconds), 0) as lifetime_sum
from pg_catalog.unnest(:tokens_kinds_with_issued) as kind
full join recent
  using (kind)
group by kind
order by kind
