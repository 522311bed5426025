-- help: What running base backups have sent.
-- every: 30s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_stat_progress_basebackup_streamed_bytes:
--     column: streamed
--     type: gauge
--     help: "Bytes that base backups which are running have sent."
--   pg_stat_progress_basebackup_size_bytes:
--     column: size
--     type: gauge
--     help: "Bytes that they estimate to send in all; absent while they estimate, and where they are told not to."

select
  pg_catalog.sum(backup_streamed)::int8 as streamed,
  pg_catalog.sum(backup_total)::int8 as size
from pg_catalog.pg_stat_progress_basebackup
having pg_catalog.count(phase) > 0
