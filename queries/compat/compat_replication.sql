-- help: Replay of a standby as postgres_exporter computes it.
-- every: 15s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_replication_lag_seconds:
--     column: lag
--     type: gauge
--     help: "Replication lag behind the primary in seconds; 0 when nothing is left to replay, also when the standby is cut off."
--   pg_replication_is_replica:
--     column: is_replica
--     type: gauge
--     help: "Indicates if the server is a replica."
--   pg_replication_last_replay_seconds:
--     column: last_replay
--     type: gauge
--     help: "Age of the last replayed transaction in seconds."

-- Its formula as it is: it reads 0 on a standby that is cut off, which is why ours is another.
with replay as (
  select
    pg_catalog.pg_is_in_recovery() as is_standby,
    pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() as is_done,
    greatest(
      0,
      extract(epoch from pg_catalog.now() - pg_catalog.pg_last_xact_replay_timestamp())::float8
    ) as age
)
select
  case when not is_standby or is_done then 0 else age end as lag,
  is_standby::int as is_replica,
  age as last_replay
from replay
