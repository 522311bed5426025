-- help: Locks held or awaited, by database, type and mode.
-- every: 15s
-- timeout: 1s
-- labels: [datname, locktype, mode, granted]
-- limit: 500
-- metrics:
--   pg_locks:
--     column: locks
--     type: gauge
--     help: "Locks that server processes hold (granted is true) or wait for (granted is false)."

-- Costs about 1 microsecond for every lock that anybody holds. Locks on shared objects, on transactions and on
-- virtual transactions belong to no database: their datname is empty. A row lock is awaited as a transactionid.
select
  d.datname,
  l.locktype,
  l.mode,
  l.granted::text as granted,
  pg_catalog.count(*) as locks
from pg_catalog.pg_locks as l
left join pg_catalog.pg_database as d
  on d.oid = l.database
-- Not <>: the locks of prepared transactions have no pid.
where l.pid is distinct from pg_catalog.pg_backend_pid()
group by
  d.datname,
  l.locktype,
  l.mode,
  l.granted
-- What is awaited first, so that a limit cuts off what matters least.
order by
  l.granted,
  locks desc,
  d.datname,
  l.locktype,
  l.mode
