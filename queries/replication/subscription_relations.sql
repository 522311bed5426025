-- help: Tables of each subscription by how far their first copy is.
-- every: 60s
-- timeout: 2s
-- scope: database
-- on: primary
-- labels: [subname, state]
-- limit: 500
-- metrics:
--   pg_subscription_relations:
--     column: relations
--     type: gauge
--     help: "Tables of the subscription by state; one that is not ready for long is not kept up to date."

select
  s.subname,
  case r.srsubstate
    when 'i' then 'initialize'
    when 'd' then 'data copy'
    when 'f' then 'finished copy'
    when 's' then 'synchronized'
    when 'r' then 'ready'
    else r.srsubstate::text
  end as state,
  pg_catalog.count(*) as relations
from pg_catalog.pg_subscription_rel as r
join (
  select distinct
    subid,
    subname
  from pg_catalog.pg_stat_subscription
) as s
  on s.subid = r.srsubid
group by
  s.subname,
  r.srsubstate
order by
  s.subname,
  state
