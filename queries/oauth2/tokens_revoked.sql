-- help: Tokens revoked, for stores that keep the time of it.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [tokens]
-- shows: [tokens.revoked_at]
-- needs: {max_pages: 8000}
-- labels: [kind]
-- derive: window_counter
-- metrics:
--   oauth2_tokens_revoked_total:
--     column: total
--     type: counter
--     help: "Tokens revoked since the exporter began to watch, by the time of revocation that the store holds."

-- Ten minutes in buckets of ten seconds: the derivation adds what each gained since the last run. The window is a
-- minute longer where the rows are found, so that the first bucket of the answer is whole.
with clock as (
  select pg_catalog.floor((extract(epoch from pg_catalog.now()) - 600) / 10)::bigint * 10 as window_start
),
recent as (
  select
    kind,
    pg_catalog.floor(extract(epoch from revoked_at) / 10)::bigint * 10 as bucket,
    pg_catalog.count(*) as events
  from :tokens_revoked_at_within_11m as token
  where revoked_at <= pg_catalog.now() + interval '1 day'
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
  kind,
  clock.window_start,
  null,
  0
from clock
cross join pg_catalog.unnest(:tokens_kinds_with_revoked_at) as kind
