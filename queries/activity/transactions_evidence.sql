-- help: Transactions that have been open for long, who holds them and what they do.
-- every: 15s
-- timeout: 1s
-- limit: 50
-- evidence: transactions

-- Without a long one nothing but pg_stat_activity and the list of prepared transactions is read.
-- What came with 14 (query_id) is taken through jsonb, so that one text serves all versions.
with long as materialized (
  select a.*
  from pg_catalog.pg_stat_activity as a
  where a.backend_type = 'client backend'
    and a.pid <> pg_catalog.pg_backend_pid()
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
    and extract(epoch from pg_catalog.clock_timestamp() - a.xact_start) > coalesce(
      nullif(pg_catalog.current_setting('pg_oauth_exporter.longer_than', true), '')::float8,
      60
    )
),
found as (
  select
    a.xact_start as began,
    a.pid,
    null as prepared,
    a.usename,
    a.application_name,
    a.datname,
    coalesce(pg_catalog.host(a.client_addr), 'local') as client,
    a.state,
    extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::float8 as state_seconds,
    extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::float8 as transaction_seconds,
    case when a.state = 'active' then a.wait_event_type || ': ' || a.wait_event end as wait,
    greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) as xmin_age,
    -- As text: its 64 bits do not fit into the numbers of JSON.
    pg_catalog.to_jsonb(a) ->> 'query_id' as query_id,
    -- Only where the configuration says evidence.query_text.
    case
      when pg_catalog.current_setting('pg_oauth_exporter.query_text', true) = 'on'
      then pg_catalog.left(a.query, 1000)
    end as query,
    -- Who waits for a lock is not the one to end. A session that does nothing has no statement to cancel.
    -- Whoever reads it later than it was written ends nothing else.
    case when a.wait_event_type is distinct from 'Lock' then pg_catalog.format(
      'select %s(pid) from pg_stat_activity where pid = %s and xact_start = %L',
      case when a.state = 'active' then 'pg_cancel_backend' else 'pg_terminate_backend' end,
      a.pid,
      a.xact_start
    ) end as remedy,
    case when a.wait_event_type = 'Lock' then pg_catalog.format('select pg_blocking_pids(%s)', a.pid) end as inspect
  from long as a
  union all
  select
    p.prepared as began,
    null as pid,
    p.gid as prepared,
    p.owner as usename,
    null as application_name,
    p.database as datname,
    null as client,
    null as state,
    null as state_seconds,
    extract(epoch from pg_catalog.clock_timestamp() - p.prepared)::float8 as transaction_seconds,
    null as wait,
    pg_catalog.age(p.transaction) as xmin_age,
    null as query_id,
    null as query,
    pg_catalog.format('rollback prepared %L', p.gid) as remedy,
    null as inspect
  from pg_catalog.pg_prepared_xacts as p
  where extract(epoch from pg_catalog.clock_timestamp() - p.prepared) > coalesce(
    nullif(pg_catalog.current_setting('pg_oauth_exporter.longer_than', true), '')::float8,
    60
  )
)
select
  pid,
  prepared,
  usename,
  application_name,
  datname,
  client,
  state,
  state_seconds,
  transaction_seconds,
  wait,
  xmin_age,
  query_id,
  query,
  remedy,
  inspect
from found
order by began
