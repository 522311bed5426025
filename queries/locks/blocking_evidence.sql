-- help: Who waits for whom, for which lock and for how long.
-- every: 15s
-- timeout: 2s
-- budget: 0.5%
-- limit: 200
-- derive: blocking_evidence
-- evidence: blocking

-- Without a waiter nothing but pg_stat_activity is read. What a session waits for stands in pg_locks alone, which
-- costs about 1 microsecond for every lock that anybody holds: hence the budget.
-- What came with 14 (query_id, waitstart) is taken through jsonb, so that one text serves all versions.
with session as materialized (
  select
    pid,
    coalesce(leader_pid, pid) as leader,
    wait_event_type = 'Lock' as is_waiting
  from pg_catalog.pg_stat_activity
  where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
),
edge as materialized (
  select distinct
    session.leader as pid,
    ahead.pid as blocker
  from session
  cross join pg_catalog.unnest(pg_catalog.pg_blocking_pids(session.pid)) as ahead (pid)
  where session.is_waiting
),
ahead as materialized (
  select
    pid,
    pg_catalog.array_agg(blocker order by blocker) as blockers
  from edge
  group by pid
),
lock as materialized (
  select
    pid,
    locktype,
    mode,
    granted,
    virtualtransaction,
    transactionid,
    (pg_catalog.to_jsonb(l) ->> 'waitstart')::timestamptz as waitstart,
    case
      -- Only names of this database, and of objects that all share, can be looked up.
      when database = 0 or database = (
        select oid
        from pg_catalog.pg_database
        where datname = pg_catalog.current_database()
      )
      then relation::pg_catalog.regclass::text
      else relation::text
    end as relation,
    pg_catalog.concat_ws(
      '/',
      locktype, database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid
    ) as object
  from pg_catalog.pg_locks as l
  -- Who waits for a row waits for its transaction, and holds a lock on the tuple that tells the table.
  where (not granted or pid is null or locktype = 'tuple')
    and exists (
      select
      from edge
    )
),
awaited as (
  select
    coalesce(session.leader, lock.pid) as pid,
    pg_catalog.min(lock.locktype || ' ' || lock.mode) as lock,
    pg_catalog.min(lock.object) as object,
    pg_catalog.min(lock.waitstart) as waitstart
  from lock
  left join session
    on session.pid = lock.pid
  where not lock.granted
  group by coalesce(session.leader, lock.pid)
),
place as (
  select
    pid,
    pg_catalog.min(relation) as relation
  from lock
  where relation is not null
  group by pid
)
select
  a.pid,
  coalesce(ahead.blockers, '{}') as waits_for,
  a.datname,
  a.usename,
  a.application_name,
  a.backend_type,
  a.state,
  null as prepared,
  awaited.lock,
  place.relation,
  extract(epoch from pg_catalog.clock_timestamp() - awaited.waitstart)::float8 as waiting_seconds,
  extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::float8 as transaction_seconds,
  extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::float8 as state_seconds,
  -- As text: its 64 bits do not fit into the numbers of JSON.
  pg_catalog.to_jsonb(a) ->> 'query_id' as query_id,
  -- Only where the configuration says evidence.query_text.
  case
    when pg_catalog.current_setting('pg_oauth_exporter.query_text', true) = 'on'
    then pg_catalog.left(a.query, 1000)
  end as query,
  -- Of those that wait for nobody; a session that does nothing has no statement to cancel. Whoever reads it later
  -- than it was written ends nothing else. Outside a transaction the lock is the session's.
  case when ahead.pid is null then pg_catalog.format(
    'select %s(pid) from pg_stat_activity where pid = %s and %s = %L',
    case when a.state = 'active' then 'pg_cancel_backend' else 'pg_terminate_backend' end,
    a.pid,
    case when a.xact_start is null then 'backend_start' else 'xact_start' end,
    coalesce(a.xact_start, a.backend_start)
  ) end as remedy
from pg_catalog.pg_stat_activity as a
left join ahead
  on ahead.pid = a.pid
left join awaited
  on awaited.pid = a.pid
left join place
  on place.pid = a.pid
where ahead.pid is not null
  or a.pid in (
    select blocker
    from edge
  )
union all
-- To pg_blocking_pids() every prepared transaction is pid 0: here those that hold what somebody waits for.
select
  0 as pid,
  '{}' as waits_for,
  p.database as datname,
  p.owner as usename,
  null as application_name,
  null as backend_type,
  'prepared transaction' as state,
  p.gid as prepared,
  null as lock,
  null as relation,
  null as waiting_seconds,
  extract(epoch from pg_catalog.clock_timestamp() - p.prepared)::float8 as transaction_seconds,
  null as state_seconds,
  null as query_id,
  null as query,
  pg_catalog.format('rollback prepared %L', p.gid) as remedy
from pg_catalog.pg_prepared_xacts as p
where exists (
  select
  from edge
  where edge.blocker = 0
)
and p.transaction::text in (
  select xid.transactionid::text
  from lock as xid
  inner join lock as held
    on held.virtualtransaction = xid.virtualtransaction
  where xid.pid is null
    and held.pid is null
    and held.object in (
      select awaited.object
      from awaited
    )
)
