-- help: Server processes by database, role, state and type.
-- every: 15s
-- timeout: 1s
-- labels: [datname, usename, state, backend_type]
-- limit: 1000
-- metrics:
--   pg_stat_activity_sessions:
--     column: sessions
--     type: gauge
--     help: "Server processes in this state, the one that answers this query left out."

-- Background processes have no database, role or state: their labels are empty. Without pg_read_all_stats so are
-- state and type of other roles' sessions, but each is still counted. What clients call themselves is not bounded: see
-- application_sessions.
select
  datname,
  usename,
  state,
  backend_type,
  pg_catalog.count(*) as sessions
from pg_catalog.pg_stat_activity
where pid <> pg_catalog.pg_backend_pid()
group by
  datname,
  usename,
  state,
  backend_type
order by
  sessions desc,
  datname,
  usename,
  state,
  backend_type
