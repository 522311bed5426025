-- help: Sessions that wait for a lock, by database and by what kind of lock it is.
-- every: 15s
-- timeout: 1s
-- labels: [datname, wait_event]
-- limit: 2000
-- metrics:
--   pg_lock_waiters:
--     column: waiters
--     type: gauge
--     help: "Server processes that wait for a lock of this kind; transactionid and tuple are rows, relation is a whole table."

-- The four kinds that applications wait for are there for each database with a session, also while nobody waits, so
-- that a graph has no gaps. Others come and go: extend, frozenid, virtualxid, page, object, userlock, ...
with session as materialized (
  select
    datname,
    backend_type,
    case when wait_event_type = 'Lock' then wait_event end as wait_event
  from pg_catalog.pg_stat_activity
  -- Without it other roles' waits are hidden: no answer is better than a wrong 0.
  where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
),
usual as (
  select distinct
    session.datname,
    kind.wait_event
  from session
  cross join (
    values ('relation'), ('transactionid'), ('tuple'), ('advisory')
  ) as kind (wait_event)
  where session.backend_type = 'client backend'
)
select
  coalesce(usual.datname, session.datname) as datname,
  coalesce(usual.wait_event, session.wait_event) as wait_event,
  pg_catalog.count(session.wait_event) as waiters
from usual
full join session
  on session.datname = usual.datname
  and session.wait_event = usual.wait_event
where coalesce(usual.wait_event, session.wait_event) is not null
group by
  coalesce(usual.datname, session.datname),
  coalesce(usual.wait_event, session.wait_event)
order by
  waiters desc,
  datname,
  wait_event
