-- help: What the decoding of each logical slot spilled to disk, streamed and sent (PostgreSQL 14 and later).
-- every: 60s
-- timeout: 1s
-- needs: {version: 14}
-- labels: [slot_name]
-- limit: 1000
-- metrics:
--   pg_stat_replication_slots_spill_txns_total:
--     column: spill_txns
--     type: counter
--     help: "Transactions that were too large for logical_decoding_work_mem and went to disk."
--   pg_stat_replication_slots_spill_count_total:
--     column: spill_count
--     type: counter
--     help: "Times that transactions went to disk while they were decoded."
--   pg_stat_replication_slots_spill_bytes_total:
--     column: spill_bytes
--     type: counter
--     help: "Bytes of decoded transactions that went to disk; many: raise logical_decoding_work_mem."
--   pg_stat_replication_slots_stream_txns_total:
--     column: stream_txns
--     type: counter
--     help: "Transactions that were sent while they still ran, being too large for the memory."
--   pg_stat_replication_slots_stream_count_total:
--     column: stream_count
--     type: counter
--     help: "Times that parts of running transactions were sent."
--   pg_stat_replication_slots_stream_bytes_total:
--     column: stream_bytes
--     type: counter
--     help: "Bytes of running transactions that were sent."
--   pg_stat_replication_slots_txns_total:
--     column: total_txns
--     type: counter
--     help: "Transactions that were decoded and sent."
--   pg_stat_replication_slots_bytes_total:
--     column: total_bytes
--     type: counter
--     help: "Bytes of transactions that were decoded and sent."
--   pg_stat_replication_slots_stats_reset_timestamp_seconds:
--     column: stats_reset
--     type: gauge
--     help: "Unix time in seconds at which these statistics were last reset; absent when they never were."

select
  slot_name,
  spill_txns,
  spill_count,
  spill_bytes,
  stream_txns,
  stream_count,
  stream_bytes,
  total_txns,
  total_bytes,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_replication_slots
order by
  total_bytes desc,
  slot_name
