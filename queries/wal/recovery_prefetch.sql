-- help: How a standby reads blocks ahead of replay (PostgreSQL 15 and later).
-- every: 60s
-- timeout: 1s
-- on: standby
-- needs: {version: 15}
-- labels: []
-- metrics:
--   pg_stat_recovery_prefetch_prefetch_total:
--     column: prefetch
--     type: counter
--     help: "Blocks that were read ahead of replay (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_hit_total:
--     column: hit
--     type: counter
--     help: "Blocks not read ahead because they were in shared buffers (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_skip_init_total:
--     column: skip_init
--     type: counter
--     help: "Blocks not read ahead because replay makes them anew (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_skip_new_total:
--     column: skip_new
--     type: counter
--     help: "Blocks not read ahead because they did not exist yet (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_skip_fpw_total:
--     column: skip_fpw
--     type: counter
--     help: "Blocks not read ahead because the WAL holds them in full (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_skip_rep_total:
--     column: skip_rep
--     type: counter
--     help: "Blocks not read ahead because they had just been (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_wal_distance_bytes:
--     column: wal_distance
--     type: gauge
--     help: "Bytes of WAL by which reading ahead is ahead of replay (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_block_distance:
--     column: block_distance
--     type: gauge
--     help: "Blocks by which reading ahead is ahead of replay (PostgreSQL 15 and later)."
--   pg_stat_recovery_prefetch_io_depth:
--     column: io_depth
--     type: gauge
--     help: "Reads that were begun and are not known to have ended (PostgreSQL 15 and later)."

select
  prefetch,
  hit,
  skip_init,
  skip_new,
  skip_fpw,
  skip_rep,
  wal_distance,
  block_distance,
  io_depth
from pg_catalog.pg_stat_recovery_prefetch
