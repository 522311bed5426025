-- help: Checkpoints as postgres_exporter shows them, those that it has before 17.
-- every: 60s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_stat_bgwriter_checkpoints_timed_total:
--     column: checkpoints_timed
--     type: counter
--     help: "Number of scheduled checkpoints that have been performed."
--   pg_stat_bgwriter_checkpoints_req_total:
--     column: checkpoints_req
--     type: counter
--     help: "Number of requested checkpoints that have been performed."
--   pg_stat_bgwriter_checkpoint_write_time_total:
--     column: checkpoint_write_time
--     type: counter
--     help: "Milliseconds spent writing files to disk in checkpoints."
--   pg_stat_bgwriter_checkpoint_sync_time_total:
--     column: checkpoint_sync_time
--     type: counter
--     help: "Milliseconds spent synchronizing files to disk in checkpoints."
--   pg_stat_bgwriter_buffers_checkpoint_total:
--     column: buffers_checkpoint
--     type: counter
--     help: "Number of buffers written during checkpoints."
--   pg_stat_bgwriter_stats_reset_total:
--     column: stats_reset
--     type: counter
--     help: "Unix time of the last reset of these statistics."

select
  checkpoints_timed,
  checkpoints_req,
  checkpoint_write_time,
  checkpoint_sync_time,
  buffers_checkpoint,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_bgwriter
