-- help: What each replication slot holds back.
-- every: 15s
-- timeout: 1s
-- labels: [slot_name, slot_type, database]
-- limit: 1000
-- metrics:
--   pg_replication_slots_active:
--     column: is_active
--     type: gauge
--     help: "1 while somebody reads from the slot; 0 for long means that WAL and dead rows pile up for nobody."
--   pg_replication_slots_retained_bytes:
--     column: retained
--     type: gauge
--     help: "Bytes of WAL that the slot keeps on disk; bounded by max_slot_wal_keep_size only."
--   pg_replication_slots_confirmed_flush_lag_bytes:
--     column: unconfirmed
--     type: gauge
--     help: "Bytes of WAL that the reader of a logical slot has not confirmed."
--   pg_replication_slots_safe_wal_size_bytes:
--     column: safe_wal_size
--     type: gauge
--     help: "Bytes that can still be written before the slot may be lost; absent while there is no limit."
--   pg_replication_slots_invalidated:
--     column: is_invalidated
--     type: gauge
--     help: "1 for a slot that is lost and has to be made anew, with whatever reads from it; 0 otherwise."
--   pg_replication_slots_xmin_age:
--     column: xmin_age
--     type: gauge
--     help: "Transactions since the oldest that the slot keeps vacuum from cleaning up after, in all tables."
--   pg_replication_slots_catalog_xmin_age:
--     column: catalog_xmin_age
--     type: gauge
--     help: "Transactions since the oldest that the slot keeps vacuum from cleaning up after, in system catalogues."
--   pg_replication_slots_inactive_since_timestamp_seconds:
--     column: inactive_since
--     type: gauge
--     help: "Unix time in seconds since when nobody reads from the slot; absent before PostgreSQL 17."

-- What versions add is read as JSON, where a column that is not there is NULL. A slot without a position (never used,
-- or lost) retains nothing.
with slot as (
  select
    s.*,
    pg_catalog.to_jsonb(s) as more,
    case
      when pg_catalog.pg_is_in_recovery()
      then greatest(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
      else pg_catalog.pg_current_wal_lsn()
    end as head
  from pg_catalog.pg_replication_slots as s
)
select
  slot_name,
  slot_type,
  database,
  active::int4 as is_active,
  -- greatest() ignores NULL, and would make 0 of it.
  case when restart_lsn is not null then greatest(0, head - restart_lsn)::int8 end as retained,
  case when confirmed_flush_lsn is not null then greatest(0, head - confirmed_flush_lsn)::int8 end as unconfirmed,
  safe_wal_size,
  coalesce(wal_status = 'lost', false)::int4 as is_invalidated,
  pg_catalog.age(xmin) as xmin_age,
  pg_catalog.age(catalog_xmin) as catalog_xmin_age,
  extract(epoch from (more ->> 'inactive_since')::timestamptz)::float8 as inactive_since
from slot
order by
  retained desc nulls last,
  slot_name
