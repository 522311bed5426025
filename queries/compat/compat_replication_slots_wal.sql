-- help: What replication slots keep, as postgres_exporter shows it.
-- every: 15s
-- timeout: 1s
-- labels: [slot_name, database]
-- limit: 1000
-- metrics:
--   pg_replication_slots_pg_wal_lsn_diff:
--     column: behind
--     type: gauge
--     help: "Replication lag in bytes."

select
  slot_name,
  database,
  pg_catalog.pg_wal_lsn_diff(
    case when pg_catalog.pg_is_in_recovery()
      then pg_catalog.pg_last_wal_receive_lsn()
      else pg_catalog.pg_current_wal_lsn()
    end,
    restart_lsn
  )::float8 as behind
from pg_catalog.pg_replication_slots
order by
  behind desc nulls last,
  slot_name
