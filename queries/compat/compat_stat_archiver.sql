-- help: The archiver as postgres_exporter shows it.
-- every: 15s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_stat_archiver_archived_count:
--     column: archived_count
--     type: counter
--     help: "Number of WAL files that have been successfully archived."
--   pg_stat_archiver_failed_count:
--     column: failed_count
--     type: counter
--     help: "Number of failed attempts for archiving WAL files."
--   pg_stat_archiver_last_archive_age:
--     column: age
--     type: gauge
--     help: "Time in seconds since last WAL segment was successfully archived."

select
  archived_count,
  failed_count,
  extract(epoch from pg_catalog.now() - last_archived_time)::float8 as age
from pg_catalog.pg_stat_archiver
