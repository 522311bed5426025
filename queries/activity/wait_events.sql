-- help: Active sessions by what they wait for.
-- every: 15s
-- timeout: 1s
-- labels: [datname, backend_type, wait_event_type]
-- limit: 1000
-- metrics:
--   pg_stat_activity_active_sessions:
--     column: sessions
--     type: gauge
--     help: "Server processes at work by the type of event they wait for, where none means that they do not wait."

-- The server says NULL for a process that does not wait, and also for a hidden one: hence the role.
select
  datname,
  backend_type,
  coalesce(wait_event_type, 'none') as wait_event_type,
  pg_catalog.count(*) as sessions
from pg_catalog.pg_stat_activity
where state = 'active'
  and pid <> pg_catalog.pg_backend_pid()
  and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by
  datname,
  backend_type,
  coalesce(wait_event_type, 'none')
order by
  sessions desc,
  datname,
  backend_type,
  wait_event_type
