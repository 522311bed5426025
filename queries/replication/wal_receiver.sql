-- help: The connection over which a standby receives WAL.
-- every: 15s
-- timeout: 1s
-- on: standby
-- labels: []
-- metrics:
--   pg_stat_wal_receiver_up:
--     column: is_up
--     type: gauge
--     help: "1 while the standby streams from its primary; 0 otherwise, also where it only restores from an archive."
--   pg_stat_wal_receiver_last_msg_age_seconds:
--     column: last_msg_age
--     type: gauge
--     help: "Seconds since the primary last sent anything; near wal_receiver_timeout the connection is dead."
--   pg_stat_wal_receiver_last_msg_send_timestamp_seconds:
--     column: last_msg_send
--     type: gauge
--     help: "Unix time in seconds at which the primary sent its last message, by the primary's clock."
--   pg_stat_wal_receiver_last_msg_receipt_timestamp_seconds:
--     column: last_msg_receipt
--     type: gauge
--     help: "Unix time in seconds at which the standby received the last message, by its own clock."
--   pg_stat_wal_receiver_latest_end_timestamp_seconds:
--     column: latest_end
--     type: gauge
--     help: "Unix time in seconds since when the primary has had no newer WAL, by the primary's clock."
--   pg_stat_wal_receiver_flush_lag_bytes:
--     column: flush_lag
--     type: gauge
--     help: "Bytes of WAL that the primary has and the standby has not flushed; growing, the network is too slow."
--   pg_stat_wal_receiver_flushed_lsn_bytes_total:
--     column: flushed
--     type: counter
--     help: "Position in the WAL in bytes that was received and flushed."
--   pg_stat_wal_receiver_received_timeline:
--     column: timeline
--     type: gauge
--     help: "Timeline of the WAL that was received last."

-- One row whether there is a receiver or not. Without the role nothing of it can be seen.
select
  coalesce(r.status = 'streaming', false)::int4 as is_up,
  -- greatest() ignores NULL, and would make 0 of it.
  case
    when r.last_msg_receipt_time is not null
    then greatest(0, extract(epoch from pg_catalog.clock_timestamp() - r.last_msg_receipt_time))::float8
  end as last_msg_age,
  extract(epoch from r.last_msg_send_time)::float8 as last_msg_send,
  extract(epoch from r.last_msg_receipt_time)::float8 as last_msg_receipt,
  extract(epoch from r.latest_end_time)::float8 as latest_end,
  case
    when r.latest_end_lsn is not null
    then greatest(0, r.latest_end_lsn - r.flushed_lsn)::int8
  end as flush_lag,
  (r.flushed_lsn - '0/0'::pg_lsn)::int8 as flushed,
  r.received_tli as timeline
from (
  select 1
) as one
left join pg_catalog.pg_stat_wal_receiver as r
  on true
where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
