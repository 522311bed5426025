-- The rest moved to pg_stat_checkpointer, and postgres_exporter shows it there.
select
  null::float8 as checkpoints_timed,
  null::float8 as checkpoints_req,
  null::float8 as checkpoint_write_time,
  null::float8 as checkpoint_sync_time,
  null::float8 as buffers_checkpoint,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_bgwriter
