-- help: State and properties of each replication slot.
-- every: 60s
-- timeout: 1s
-- labels: [slot_name, slot_type, database, plugin, wal_status, invalidation_reason, temporary, two_phase, failover, synced]
-- limit: 1000
-- metrics:
--   pg_replication_slots_info:
--     column: present
--     type: gauge
--     help: "Always 1; wal_status is unreserved for a slot that is about to be lost, and lost for one that is."

-- What versions add is read as JSON, where a column that is not there is NULL.
select
  slot_name,
  slot_type,
  database,
  plugin,
  wal_status,
  more ->> 'invalidation_reason' as invalidation_reason,
  temporary,
  more ->> 'two_phase' as two_phase,
  more ->> 'failover' as failover,
  more ->> 'synced' as synced,
  1 as present
from (
  select
    s.*,
    pg_catalog.to_jsonb(s) as more
  from pg_catalog.pg_replication_slots as s
) as slot
order by slot_name
