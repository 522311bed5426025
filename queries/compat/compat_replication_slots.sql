-- help: Replication slots as postgres_exporter shows them.
-- every: 15s
-- timeout: 1s
-- labels: [slot_name, slot_type]
-- limit: 1000
-- metrics:
--   pg_replication_slots_slot_current_wal_lsn:
--     column: current_wal
--     type: gauge
--     help: "Current WAL position in bytes."
--   pg_replication_slots_slot_confirmed_flush_lsn:
--     column: confirmed_flush
--     type: gauge
--     help: "Last position in bytes confirmed flushed to the replication slot."
--   pg_replication_slots_slot_is_active:
--     column: is_active
--     type: gauge
--     help: "Whether the replication slot is active or not."

with position as (
  select case when pg_catalog.pg_is_in_recovery()
    then pg_catalog.pg_last_wal_receive_lsn()
    else pg_catalog.pg_current_wal_lsn()
  end as lsn
)
select
  s.slot_name,
  s.slot_type,
  pg_catalog.pg_wal_lsn_diff(p.lsn, '0/0')::float8 as current_wal,
  case when s.active then
    pg_catalog.pg_wal_lsn_diff(coalesce(s.confirmed_flush_lsn, '0/0'), '0/0')::float8
  end as confirmed_flush,
  s.active::int as is_active
from pg_catalog.pg_replication_slots as s
cross join position as p
order by s.slot_name
