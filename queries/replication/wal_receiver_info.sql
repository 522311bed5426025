-- help: Whom a standby receives WAL from.
-- every: 60s
-- timeout: 1s
-- on: standby
-- labels: [status, sender_host, sender_port, slot_name]
-- metrics:
--   pg_stat_wal_receiver_info:
--     column: present
--     type: gauge
--     help: "Always 1; the labels hold the receiver's status, and the host, port and slot that it receives from."

select
  status,
  sender_host,
  sender_port,
  slot_name,
  1 as present
from pg_catalog.pg_stat_wal_receiver
where status is not null
