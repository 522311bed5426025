-- help: What keeps vacuum from removing dead rows, by name; the first holds the horizon.
-- every: 15s
-- timeout: 1s
-- limit: 50
-- evidence: xmin

-- See xmin_horizon. Shown is who has held it for as long as a long transaction, or for 100,000 transactions: those
-- who hold it for less come and go. A slot has no time, and a standby's is that of its queries: they count by age.
with holder as materialized (
  select
    case
      when a.backend_type = 'client backend' then 'session'
      else a.backend_type
    end as holder,
    null as name,
    a.pid,
    a.usename,
    a.application_name,
    a.datname,
    coalesce(pg_catalog.host(a.client_addr), 'local') as client,
    a.state,
    extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::float8 as state_seconds,
    extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::float8 as transaction_seconds,
    greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) as xmin_age,
    -- Autovacuum comes back by itself.
    pg_catalog.format(
      'select %s(pid) from pg_stat_activity where pid = %s and xact_start = %L',
      case a.backend_type when 'autovacuum worker' then 'pg_cancel_backend' else 'pg_terminate_backend' end,
      a.pid,
      a.xact_start
    ) as remedy,
    null as inspect
  from pg_catalog.pg_stat_activity as a
  where (a.backend_xmin is not null or a.backend_xid is not null)
    and a.backend_type not in ('walsender', 'parallel worker')
    -- Others do not have to respect the snapshot of a VACUUM.
    and not exists (
      select
      from pg_catalog.pg_stat_progress_vacuum as v
      where v.pid = a.pid
    )
    and a.pid <> pg_catalog.pg_backend_pid()
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
  union all
  select
    'standby or base backup' as holder,
    r.application_name as name,
    r.pid,
    r.usename,
    null as application_name,
    null as datname,
    coalesce(pg_catalog.host(r.client_addr), 'local') as client,
    r.state,
    null as state_seconds,
    null as transaction_seconds,
    pg_catalog.age(r.backend_xmin) as xmin_age,
    null as remedy,
    -- There the session is found that its feedback speaks for.
    'on the standby: select pid, usename, xact_start, state from pg_stat_activity order by xact_start' as inspect
  from pg_catalog.pg_stat_replication as r
  where r.backend_xmin is not null
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
  union all
  select
    s.slot_type || ' slot' as holder,
    s.slot_name as name,
    s.active_pid as pid,
    null as usename,
    null as application_name,
    s.database as datname,
    null as client,
    case when s.active then 'in use' else 'not in use' end as state,
    null as state_seconds,
    null as transaction_seconds,
    greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin)) as xmin_age,
    -- A slot that is in use cannot be dropped, and one that is wanted must not be.
    case when not s.active then pg_catalog.format('select pg_drop_replication_slot(%L)', s.slot_name) end as remedy,
    case when s.active then pg_catalog.format(
      'select * from pg_replication_slots where slot_name = %L',
      s.slot_name
    ) end as inspect
  from pg_catalog.pg_replication_slots as s
  where s.xmin is not null or s.catalog_xmin is not null
  union all
  select
    'prepared transaction' as holder,
    p.gid as name,
    null as pid,
    p.owner as usename,
    null as application_name,
    p.database as datname,
    null as client,
    null as state,
    null as state_seconds,
    extract(epoch from pg_catalog.clock_timestamp() - p.prepared)::float8 as transaction_seconds,
    pg_catalog.age(p.transaction) as xmin_age,
    pg_catalog.format('rollback prepared %L', p.gid) as remedy,
    null as inspect
  from pg_catalog.pg_prepared_xacts as p
)
select
  holder,
  name,
  pid,
  usename,
  application_name,
  datname,
  client,
  state,
  state_seconds,
  transaction_seconds,
  xmin_age,
  remedy,
  inspect
from holder
where transaction_seconds > coalesce(
    nullif(pg_catalog.current_setting('pg_oauth_exporter.longer_than', true), '')::float8,
    60
  )
  or xmin_age > 100000
order by
  xmin_age desc,
  transaction_seconds desc nulls last
