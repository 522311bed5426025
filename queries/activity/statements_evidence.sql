-- help: Statements that have been running for long, and how many sessions run the same one.
-- every: 15s
-- timeout: 1s
-- limit: 50
-- evidence: statements

-- Without a long one nothing but pg_stat_activity is read. What came with 14 (query_id) is taken through jsonb, so
-- that one text serves all versions; where it is missing, each session is a line of its own.
with running as materialized (
  select
    a.*,
    extract(epoch from pg_catalog.clock_timestamp() - a.query_start)::float8 as seconds,
    coalesce(
      nullif(pg_catalog.current_setting('pg_oauth_exporter.longer_than', true), '')::float8,
      60
    ) as longer_than
  from pg_catalog.pg_stat_activity as a
  where a.backend_type = 'client backend'
    and a.state in ('active', 'fastpath function call')
    and a.pid <> pg_catalog.pg_backend_pid()
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
),
known as (
  select
    running.*,
    pg_catalog.to_jsonb(running) ->> 'query_id' as id
  from running
  where exists (
    select
    from running as one
    where one.seconds > one.longer_than
  )
),
statement as (
  select
    -- The one that has been at it for longest speaks for all.
    (pg_catalog.array_agg(known.pid order by seconds desc))[1] as pid,
    pg_catalog.count(*) as sessions,
    usename,
    application_name,
    datname,
    pg_catalog.max(seconds) as statement_seconds,
    (pg_catalog.array_agg(wait_event_type || ': ' || wait_event order by seconds desc))[1] as wait,
    (pg_catalog.array_agg(wait_event_type is not distinct from 'Lock' order by seconds desc))[1] as waits_for_lock,
    pg_catalog.min(query_start) as query_start,
    id as query_id,
    -- Only where the configuration says evidence.query_text.
    case
      when pg_catalog.current_setting('pg_oauth_exporter.query_text', true) = 'on'
      then pg_catalog.left((pg_catalog.array_agg(query order by seconds desc))[1], 1000)
    end as query
  from known
  group by
    usename,
    application_name,
    datname,
    id,
    case when id is null then known.pid end
  having pg_catalog.max(seconds) > pg_catalog.max(longer_than)
)
select
  pid,
  sessions,
  usename,
  application_name,
  datname,
  statement_seconds,
  wait,
  query_id,
  query,
  -- Who waits for a lock is not the one to end. Whoever reads it later than it was written ends nothing else.
  case when not waits_for_lock then pg_catalog.format(
    'select pg_cancel_backend(pid) from pg_stat_activity where pid = %s and query_start = %L',
    pid,
    query_start
  ) end as remedy,
  case when waits_for_lock then pg_catalog.format('select pg_blocking_pids(%s)', pid) end as inspect
from statement
order by
  sessions desc,
  statement_seconds desc
