-- help: Who cleans shared buffers besides the checkpointer.
-- every: 30s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_stat_bgwriter_buffers_clean_total:
--     column: buffers_clean
--     type: counter
--     help: "Buffers that the background writer wrote."
--   pg_stat_bgwriter_maxwritten_clean_total:
--     column: maxwritten_clean
--     type: counter
--     help: "Times that the background writer stopped because it had written as much as it may in one round."
--   pg_stat_bgwriter_buffers_alloc_total:
--     column: buffers_alloc
--     type: counter
--     help: "Buffers that were given to blocks."
--   pg_stat_bgwriter_buffers_backend_total:
--     column: buffers_backend
--     type: counter
--     help: "Blocks that processes had to write themselves; many mean that the background writer cannot follow."
--   pg_stat_bgwriter_buffers_backend_fsync_total:
--     column: buffers_backend_fsync
--     type: counter
--     help: "Calls of fsync that processes had to make themselves; any mean that the checkpointer cannot follow."
--   pg_stat_bgwriter_stats_reset_timestamp_seconds:
--     column: stats_reset
--     type: gauge
--     help: "Unix time in seconds at which these statistics were last reset."

select
  buffers_clean,
  maxwritten_clean,
  buffers_alloc,
  buffers_backend,
  buffers_backend_fsync,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_bgwriter
