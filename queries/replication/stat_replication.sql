-- help: How far each standby or other receiver is behind this server, by stage.
-- every: 15s
-- timeout: 1s
-- labels: [application_name, client_addr, slot_name, stage]
-- limit: 1000
-- derive: wal_clock
-- metrics:
--   pg_stat_replication_lag_bytes:
--     column: lag_bytes
--     type: gauge
--     help: "Bytes of WAL that have not reached this stage (sent, write, flush, replay) of the receiver."
--   pg_stat_replication_lag_seconds:
--     column: lag_seconds
--     type: gauge
--     help: "Seconds since the oldest WAL that has not reached this stage was written, 0 when there is none."
--   pg_stat_replication_lsn_bytes_total:
--     column: lsn
--     type: counter
--     help: "Position in the WAL in bytes that this stage of the receiver has reached."

-- The lag that the server measures is NULL soon after a standby has caught up, and in some releases stays as it was
-- when one hangs; wal_clock knows both. Receivers that cannot be told apart are one, the slowest. A base backup has no position.
with sender as (
  select
    s.application_name,
    pg_catalog.host(s.client_addr) as client_addr,
    slot.slot_name,
    pg_catalog.unnest(array['sent', 'write', 'flush', 'replay']) as stage,
    pg_catalog.unnest(array[s.sent_lsn, s.write_lsn, s.flush_lsn, s.replay_lsn]) - '0/0'::pg_lsn as lsn,
    pg_catalog.unnest(array[null, s.write_lag, s.flush_lag, s.replay_lag]) as lag
  from pg_catalog.pg_stat_replication as s
  left join pg_catalog.pg_replication_slots as slot
    on slot.active_pid = s.pid
),
head as (
  select
    extract(epoch from pg_catalog.clock_timestamp())::float8 as now,
    case
      when pg_catalog.pg_is_in_recovery()
      then greatest(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
      else pg_catalog.pg_current_wal_lsn()
    end - '0/0'::pg_lsn as lsn
)
select
  sender.application_name,
  sender.client_addr,
  sender.slot_name,
  sender.stage,
  head.now,
  head.lsn::int8 as head,
  pg_catalog.min(sender.lsn)::int8 as position,
  extract(epoch from pg_catalog.max(sender.lag))::float8 as measured,
  null::float8 as at_most,
  pg_catalog.min(sender.lsn)::int8 as lsn,
  greatest(0, head.lsn - pg_catalog.min(sender.lsn))::int8 as lag_bytes
from sender
cross join head
where sender.lsn is not null
group by
  sender.application_name,
  sender.client_addr,
  sender.slot_name,
  sender.stage,
  head.now,
  head.lsn
order by
  lag_bytes desc,
  sender.application_name,
  sender.client_addr,
  sender.slot_name,
  sender.stage
