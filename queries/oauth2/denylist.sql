-- help: Entries of the denylist.
-- every: 5m
-- timeout: 2s
-- scope: database
-- over: [denylist]
-- needs: {max_pages: 8000}
-- labels: [kind, state]
-- metrics:
--   oauth2_denylist_entries:
--     column: entries
--     type: gauge
--     help: "Entries of the denylist by kind, those of all but the 15 most frequent kinds as other."

with counted as (
  select
    kind,
    pg_catalog.count(*) filter (where expires is null or expires > pg_catalog.now()) as active,
    pg_catalog.count(*) filter (where expires <= pg_catalog.now()) as expired
  from :denylist as entry
  group by kind
),
ranked as (
  select
    kind,
    active,
    expired,
    pg_catalog.row_number() over (order by active + expired desc, kind) as place
  from counted
),
bounded as (
  select
    case when place <= 15 then kind else 'other' end as kind,
    pg_catalog.sum(active)::bigint as active,
    pg_catalog.sum(expired)::bigint as expired
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
