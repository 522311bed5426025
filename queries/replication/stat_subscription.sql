-- help: Subscriptions, whether their workers run and how far they have come.
-- every: 30s
-- timeout: 1s
-- on: primary
-- labels: [datname, subname]
-- limit: 2000
-- metrics:
--   pg_subscription_enabled:
--     column: is_enabled
--     type: gauge
--     help: "1 for a subscription that is enabled, 0 for one that is not, by hand or by disable_on_error."
--   pg_stat_subscription_up:
--     column: is_up
--     type: gauge
--     help: "1 while the subscription's apply worker runs; 0 for one that is enabled means that it fails again and again."
--   pg_stat_subscription_sync_workers:
--     column: sync_workers
--     type: gauge
--     help: "Workers that copy tables of the subscription for the first time."
--   pg_stat_subscription_parallel_workers:
--     column: parallel_workers
--     type: gauge
--     help: "Workers that apply large transactions of the subscription in parallel (PostgreSQL 16 and later)."
--   pg_stat_subscription_last_msg_age_seconds:
--     column: last_msg_age
--     type: gauge
--     help: "Seconds since the apply worker last got a message; grows when applying hangs, or the publisher is away."
--   pg_stat_subscription_msg_delay_seconds:
--     column: msg_delay
--     type: gauge
--     help: "Seconds that the last message was under way, by the clocks of both servers."
--   pg_stat_subscription_received_lsn_bytes_total:
--     column: received
--     type: counter
--     help: "Position in the publisher's WAL in bytes that the apply worker has received."
--   pg_stat_subscription_unreported_bytes:
--     column: unreported
--     type: gauge
--     help: "Bytes of the publisher's WAL that were received and are not yet reported as applied."

-- 13 lets nobody read a subscription's OID: it is the name that tells its database, if only one has it.
with named as (
  select
    s.subname,
    pg_catalog.min(d.datname::text) as datname,
    pg_catalog.bool_or(s.subenabled) as is_enabled
  from pg_catalog.pg_subscription as s
  join pg_catalog.pg_database as d
    on d.oid = s.subdbid
  group by s.subname
  having pg_catalog.count(*) = 1
)
select
  named.datname,
  named.subname,
  named.is_enabled::int4 as is_enabled,
  (pg_catalog.count(worker.pid) filter (where worker.relid is null) > 0)::int4 as is_up,
  pg_catalog.count(worker.pid) filter (where worker.relid is not null) as sync_workers,
  null::bigint as parallel_workers,
  extract(
    epoch from pg_catalog.clock_timestamp()
      - pg_catalog.max(worker.last_msg_receipt_time) filter (where worker.relid is null)
  )::float8 as last_msg_age,
  extract(
    epoch from pg_catalog.max(worker.last_msg_receipt_time - worker.last_msg_send_time)
      filter (where worker.relid is null)
  )::float8 as msg_delay,
  (pg_catalog.max(worker.received_lsn) filter (where worker.relid is null) - '0/0'::pg_lsn)::int8 as received,
  (
    pg_catalog.max(worker.received_lsn - worker.latest_end_lsn) filter (where worker.relid is null)
  )::int8 as unreported
from named
left join pg_catalog.pg_stat_subscription as worker
  on worker.subname = named.subname
group by
  named.datname,
  named.subname,
  named.is_enabled
order by
  named.datname,
  named.subname
