-- help: Conflicts with recovery as postgres_exporter shows them.
-- every: 60s
-- timeout: 1s
-- labels: [datid, datname]
-- limit: 5000
-- metrics:
--   pg_stat_database_conflicts_confl_tablespace:
--     column: confl_tablespace
--     type: counter
--     help: "Number of queries in this database that have been canceled due to dropped tablespaces."
--   pg_stat_database_conflicts_confl_lock:
--     column: confl_lock
--     type: counter
--     help: "Number of queries in this database that have been canceled due to lock timeouts."
--   pg_stat_database_conflicts_confl_snapshot:
--     column: confl_snapshot
--     type: counter
--     help: "Number of queries in this database that have been canceled due to old snapshots."
--   pg_stat_database_conflicts_confl_bufferpin:
--     column: confl_bufferpin
--     type: counter
--     help: "Number of queries in this database that have been canceled due to pinned buffers."
--   pg_stat_database_conflicts_confl_deadlock:
--     column: confl_deadlock
--     type: counter
--     help: "Number of queries in this database that have been canceled due to deadlocks."

select
  datid,
  datname,
  confl_tablespace,
  confl_lock,
  confl_snapshot,
  confl_bufferpin,
  confl_deadlock
from pg_catalog.pg_stat_database_conflicts
order by datname
