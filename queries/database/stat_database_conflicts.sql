-- help: Queries cancelled on a standby because they conflicted with recovery, by database and cause.
-- every: 15s
-- timeout: 2s
-- on: standby
-- needs: {setting: track_counts}
-- labels: [datname]
-- limit: 6000
-- metrics:
--   pg_stat_database_conflicts_confl_tablespace_total:
--     column: confl_tablespace
--     type: counter
--     help: "Queries cancelled because a tablespace that they used was dropped."
--   pg_stat_database_conflicts_confl_lock_total:
--     column: confl_lock
--     type: counter
--     help: "Queries cancelled because replay waited too long for a lock that they held."
--   pg_stat_database_conflicts_confl_snapshot_total:
--     column: confl_snapshot
--     type: counter
--     help: "Queries cancelled because they could still see rows that the primary has removed."
--   pg_stat_database_conflicts_confl_bufferpin_total:
--     column: confl_bufferpin
--     type: counter
--     help: "Queries cancelled because replay waited too long for a page that they held in use."
--   pg_stat_database_conflicts_confl_deadlock_total:
--     column: confl_deadlock
--     type: counter
--     help: "Queries cancelled because they and replay waited for each other."
--   pg_stat_database_conflicts_confl_active_logicalslot_total:
--     column: confl_active_logicalslot
--     type: counter
--     help: "Uses of logical slots cancelled because replay made the slot invalid (PostgreSQL 16 and later)."

select
  datname,
  confl_tablespace,
  confl_lock,
  confl_snapshot,
  confl_bufferpin,
  confl_deadlock,
  null::bigint as confl_active_logicalslot
from pg_catalog.pg_stat_database_conflicts
order by datname
