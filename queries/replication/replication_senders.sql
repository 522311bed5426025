-- help: Standbys and other receivers that are connected, and base backups.
-- every: 15s
-- timeout: 1s
-- labels: [application_name, client_addr, slot_name, state, sync_state]
-- limit: 1000
-- metrics:
--   pg_stat_replication_senders:
--     column: senders
--     type: gauge
--     help: "Receivers of WAL that are connected, by state (streaming when all is well) and role in synchronous commit."
--   pg_stat_replication_reply_age_seconds:
--     column: reply_age
--     type: gauge
--     help: "Seconds since the receiver last answered; more than wal_sender_timeout, and it is cut off."
--   pg_stat_replication_start_timestamp_seconds:
--     column: started
--     type: gauge
--     help: "Unix time in seconds at which the receiver connected; changes with every lost connection."
--   pg_stat_replication_backend_xmin_age:
--     column: xmin_age
--     type: gauge
--     help: "Transactions since the oldest that a standby's queries hold back vacuum for by hot_standby_feedback."

-- Without the role the state is hidden.
select
  s.application_name,
  pg_catalog.host(s.client_addr) as client_addr,
  slot.slot_name,
  s.state,
  s.sync_state,
  pg_catalog.count(*) as senders,
  case
    when pg_catalog.min(s.reply_time) is not null
    then greatest(0, extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.min(s.reply_time)))::float8
  end as reply_age,
  extract(epoch from pg_catalog.max(s.backend_start))::float8 as started,
  pg_catalog.max(pg_catalog.age(s.backend_xmin)) as xmin_age
from pg_catalog.pg_stat_replication as s
left join pg_catalog.pg_replication_slots as slot
  on slot.active_pid = s.pid
where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by
  s.application_name,
  s.client_addr,
  slot.slot_name,
  s.state,
  s.sync_state
order by
  s.application_name,
  client_addr,
  slot.slot_name,
  s.state,
  s.sync_state
