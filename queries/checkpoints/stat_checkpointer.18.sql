-- Since 18 with checkpoints really made, and with the small caches.
select
  num_timed,
  num_requested,
  num_done,
  restartpoints_timed,
  restartpoints_req,
  restartpoints_done,
  write_time / 1000 as write_time,
  sync_time / 1000 as sync_time,
  buffers_written,
  slru_written,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_checkpointer
