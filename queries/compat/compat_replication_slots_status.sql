-- help: The state of replication slots as postgres_exporter shows it.
-- every: 15s
-- timeout: 1s
-- labels: [slot_name, slot_type, wal_status]
-- limit: 1000
-- metrics:
--   pg_replication_slots_wal_status:
--     column: one
--     type: gauge
--     help: "Availability of WAL files claimed by this slot."

select
  slot_name,
  slot_type,
  wal_status,
  1 as one
from pg_catalog.pg_replication_slots
where wal_status is not null
order by slot_name
