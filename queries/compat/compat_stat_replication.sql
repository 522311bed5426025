-- help: Streaming standbys as postgres_exporter shows them.
-- every: 15s
-- timeout: 1s
-- labels: [application_name, client_addr, state, slot_name]
-- limit: 400
-- metrics:
--   pg_stat_replication_pg_current_wal_lsn_bytes:
--     column: current_bytes
--     type: gauge
--     help: "WAL position in bytes."
--   pg_stat_replication_pg_wal_lsn_diff:
--     column: behind
--     type: gauge
--     help: "Lag in bytes between the WAL position and what the standby has replayed."

select
  r.application_name,
  r.client_addr::text as client_addr,
  r.state,
  s.slot_name,
  pg_catalog.pg_wal_lsn_diff(p.lsn, '0/0')::float8 as current_bytes,
  pg_catalog.pg_wal_lsn_diff(p.lsn, r.replay_lsn)::float8 as behind
from pg_catalog.pg_stat_replication as r
left join pg_catalog.pg_replication_slots as s
  on s.active_pid = r.pid
cross join (
  select case when pg_catalog.pg_is_in_recovery()
    then pg_catalog.pg_last_wal_receive_lsn()
    else pg_catalog.pg_current_wal_lsn()
  end as lsn
) as p
order by
  behind desc nulls last,
  r.application_name
