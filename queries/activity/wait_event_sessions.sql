-- help: Server processes by the event that they wait for, by name.
-- every: 15s
-- timeout: 1s
-- labels: [wait_event_type, wait_event]
-- limit: 100
-- rest: true
-- metrics:
--   pg_stat_activity_wait_event_sessions:
--     column: sessions
--     type: gauge
--     help: "Server processes that wait for this event, those left out that wait because they have nothing to do."

-- There are some 250 events, but few at a time. Clients that are idle wait for the next query (ClientRead), and
-- background processes for something to do (type Activity): neither is a wait that anybody could make shorter.
select
  wait_event_type,
  wait_event,
  pg_catalog.count(*) as sessions
from pg_catalog.pg_stat_activity
where wait_event is not null
  and wait_event_type <> 'Activity'
  and (state is null or state in ('active', 'fastpath function call'))
  and pid <> pg_catalog.pg_backend_pid()
group by
  wait_event_type,
  wait_event
order by
  sessions desc,
  wait_event_type,
  wait_event
