-- help: Users registered.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [users]
-- needs: {max_pages: 8000}
-- labels: []
-- derive: window_counter
-- metrics:
--   oauth2_users_registered_total:
--     column: total
--     type: counter
--     help: "Users registered since the exporter began to watch."

-- As with tokens issued: buckets of ten seconds, and the first one whole.
with clock as (
  select pg_catalog.floor((extract(epoch from pg_catalog.now()) - 600) / 10)::bigint * 10 as window_start
),
recent as (
  select
    pg_catalog.floor(extract(epoch from created) / 10)::bigint * 10 as bucket,
    pg_catalog.count(*) as events
  from :users_created_within_11m as account
  where created <= pg_catalog.now() + interval '1 day'
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
