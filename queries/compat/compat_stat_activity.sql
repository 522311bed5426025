-- help: Sessions as postgres_exporter counts them.
-- every: 15s
-- timeout: 1s
-- labels: [datname, state, usename, application_name, backend_type, wait_event_type, wait_event]
-- limit: 4000
-- metrics:
--   pg_stat_activity_count:
--     column: sessions
--     type: gauge
--     help: "Number of connections in this state."
--   pg_stat_activity_max_tx_duration:
--     column: longest
--     type: gauge
--     help: "Max duration in seconds any active transaction has been running."

-- Its labels as they are: applications that name themselves by a number make a series each. Hence the limit.
with session as materialized (
  select
    datname,
    state,
    usename,
    application_name,
    backend_type,
    wait_event_type,
    wait_event,
    pg_catalog.count(*) as sessions,
    pg_catalog.max(extract(epoch from pg_catalog.now() - xact_start))::float8 as longest
  from pg_catalog.pg_stat_activity
  where pid <> pg_catalog.pg_backend_pid()
  group by
    datname,
    state,
    usename,
    application_name,
    backend_type,
    wait_event_type,
    wait_event
)
select
  d.datname,
  known.state,
  s.usename,
  s.application_name,
  s.backend_type,
  s.wait_event_type,
  s.wait_event,
  coalesce(s.sessions, 0) as sessions,
  coalesce(s.longest, 0) as longest
from pg_catalog.pg_database as d
cross join (
  values
    ('active'),
    ('idle'),
    ('idle in transaction'),
    ('idle in transaction (aborted)'),
    ('fastpath function call'),
    ('disabled')
) as known (state)
left join session as s
  on s.state = known.state
  and s.datname = d.datname
order by
  sessions desc,
  d.datname,
  known.state
