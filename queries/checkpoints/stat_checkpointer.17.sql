-- Since 17 a view of its own, with restartpoints.
select
  num_timed,
  num_requested,
  null::bigint as num_done,
  restartpoints_timed,
  restartpoints_req,
  restartpoints_done,
  write_time / 1000 as write_time,
  sync_time / 1000 as sync_time,
  buffers_written,
  null::bigint as slru_written,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_checkpointer
