-- help: Files in the WAL directory.
-- every: 60s
-- timeout: 5s
-- labels: []
-- metrics:
--   pg_wal_segments:
--     column: segments
--     type: gauge
--     help: "WAL segments on disk; far above max_wal_size, a slot, the archiver or wal_keep_size retains them."
--   pg_wal_size_bytes:
--     column: size
--     type: gauge
--     help: "Bytes that WAL segments take on disk."

-- Asks the file system for each file, of which there may be thousands: hence the interval.
select
  pg_catalog.count(*) as segments,
  coalesce(pg_catalog.sum(size), 0)::int8 as size
from pg_catalog.pg_ls_waldir()
where name ~ '^[0-9A-F]{24}$'
