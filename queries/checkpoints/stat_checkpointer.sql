-- help: Checkpoints and restartpoints, what they wrote and how long that took.
-- every: 30s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_stat_checkpointer_num_timed_total:
--     column: num_timed
--     type: counter
--     help: "Checkpoints that were due by time; before PostgreSQL 17 those of a standby (restartpoints) are among them."
--   pg_stat_checkpointer_num_requested_total:
--     column: num_requested
--     type: counter
--     help: "Checkpoints that were asked for, by commands or by too much WAL; if most are, raise max_wal_size."
--   pg_stat_checkpointer_num_done_total:
--     column: num_done
--     type: counter
--     help: "Checkpoints that were made, those left out on an idle server not counted (PostgreSQL 18 and later)."
--   pg_stat_checkpointer_restartpoints_timed_total:
--     column: restartpoints_timed
--     type: counter
--     help: "Restartpoints of a standby that were due by time, or tried again (PostgreSQL 17 and later)."
--   pg_stat_checkpointer_restartpoints_req_total:
--     column: restartpoints_req
--     type: counter
--     help: "Restartpoints of a standby that were asked for (PostgreSQL 17 and later)."
--   pg_stat_checkpointer_restartpoints_done_total:
--     column: restartpoints_done
--     type: counter
--     help: "Restartpoints of a standby that were made (PostgreSQL 17 and later)."
--   pg_stat_checkpointer_write_time_seconds_total:
--     column: write_time
--     type: counter
--     help: "Seconds that checkpoints spent on writing, most of it waiting so as to spread the load."
--   pg_stat_checkpointer_sync_time_seconds_total:
--     column: sync_time
--     type: counter
--     help: "Seconds that checkpoints spent on syncing files; long ones mean that storage is too slow."
--   pg_stat_checkpointer_buffers_written_total:
--     column: buffers_written
--     type: counter
--     help: "Shared buffers that checkpoints wrote."
--   pg_stat_checkpointer_slru_written_total:
--     column: slru_written
--     type: counter
--     help: "Buffers of the small caches that checkpoints wrote (PostgreSQL 18 and later)."
--   pg_stat_checkpointer_stats_reset_timestamp_seconds:
--     column: stats_reset
--     type: gauge
--     help: "Unix time in seconds at which these statistics were last reset."

-- Until 16 they were in the background writer's view, under other names.
select
  checkpoints_timed as num_timed,
  checkpoints_req as num_requested,
  null::bigint as num_done,
  null::bigint as restartpoints_timed,
  null::bigint as restartpoints_req,
  null::bigint as restartpoints_done,
  checkpoint_write_time / 1000 as write_time,
  checkpoint_sync_time / 1000 as sync_time,
  buffers_checkpoint as buffers_written,
  null::bigint as slru_written,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_bgwriter
