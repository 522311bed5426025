-- help: Locks held or awaited, by database, type and mode.
-- every: 15s
-- timeout: 2s
-- budget: 0.5%
-- labels: [datname, locktype, mode, granted]
-- limit: 2000
-- metrics:
--   pg_locks:
--     column: locks
--     type: gauge
--     help: "Locks that server processes hold (granted is true) or wait for (granted is false)."
--   pg_locks_table_usage_ratio:
--     column: usage
--     type: gauge
--     help: "Locks in the shared table as a share of those it is sized for; well above 1 it can run out of shared memory."

-- Costs about 1 microsecond for every lock that anybody holds: hence the budget, which makes the interval longer while
-- there are many. Locks on shared objects, on transactions and on virtual transactions belong to no database: their
-- datname is empty. A row lock is awaited as a transactionid.
with lock as materialized (
  select
    database,
    locktype,
    mode,
    granted,
    pg_catalog.count(*) as locks,
    -- What is taken by the fast path is in the process' own memory, and SIRead locks have a table of their own.
    pg_catalog.count(*) filter (where not fastpath and mode <> 'SIReadLock') as shared
  from pg_catalog.pg_locks
  -- Not <>: the locks of prepared transactions have no pid.
  where pid is distinct from pg_catalog.pg_backend_pid()
  group by
    database,
    locktype,
    mode,
    granted
),
usual as (
  -- Of tables all modes are there, also at 0, in each database with a session: a graph has no gaps, and a lock
  -- that comes for a moment is a change. Other types of locks come and go.
  select
    d.oid as database,
    d.datname,
    'relation' as locktype,
    mode.name as mode,
    granted.yes as granted
  from pg_catalog.pg_database as d
  cross join pg_catalog.unnest(array [
    'AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock',
    'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'
  ]) as mode (name)
  cross join (
    values (true), (false)
  ) as granted (yes)
  where exists (
    select
    from pg_catalog.pg_stat_activity as a
    where a.datid = d.oid
      and a.pid <> pg_catalog.pg_backend_pid()
      -- Workers come and go; a type that is hidden from us is that of a client more often than not.
      and (a.backend_type = 'client backend' or a.backend_type is null)
  )
),
named as (
  select
    d.datname,
    lock.locktype,
    lock.mode,
    lock.granted,
    lock.locks
  from lock
  left join pg_catalog.pg_database as d
    on d.oid = lock.database
  union all
  select
    usual.datname,
    usual.locktype,
    usual.mode,
    usual.granted,
    0 as locks
  from usual
  left join lock
    on lock.database = usual.database
    and lock.locktype = usual.locktype
    and lock.mode = usual.mode
    and lock.granted = usual.granted
  where lock.locks is null
)
select
  datname,
  locktype,
  mode,
  granted::text as granted,
  locks,
  null::float8 as usage
from named
union all
-- The whole table, once: max_locks_per_transaction says how many objects there is room for. Two sessions on one
-- object are counted as two, so this is the upper bound of what is used.
select
  null as datname,
  null as locktype,
  null as mode,
  null as granted,
  null as locks,
  coalesce(pg_catalog.sum(shared), 0)::float8 / (
    pg_catalog.current_setting('max_locks_per_transaction')::float8 * (
      pg_catalog.current_setting('max_connections')::float8
      + pg_catalog.current_setting('max_prepared_transactions')::float8
    )
  ) as usage
from lock
-- What is 0 last, so that a limit cuts off what is there for the graphs only.
order by
  usage nulls last,
  locks desc,
  granted,
  datname,
  locktype,
  mode
