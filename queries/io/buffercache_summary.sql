-- help: What the shared buffers hold, where the extension pg_buffercache is installed (PostgreSQL 16 and later).
-- every: 60s
-- timeout: 5s
-- needs: {version: 16, extension: pg_buffercache}
-- labels: []
-- metrics:
--   pg_buffercache_summary_buffers_used:
--     column: buffers_used
--     type: gauge
--     help: "Shared buffers that hold a block (PostgreSQL 16 and later)."
--   pg_buffercache_summary_buffers_unused:
--     column: buffers_unused
--     type: gauge
--     help: "Shared buffers that hold nothing; many for long mean more memory than is needed (PostgreSQL 16 and later)."
--   pg_buffercache_summary_buffers_dirty:
--     column: buffers_dirty
--     type: gauge
--     help: "Shared buffers whose block still has to be written (PostgreSQL 16 and later)."
--   pg_buffercache_summary_buffers_pinned:
--     column: buffers_pinned
--     type: gauge
--     help: "Shared buffers that somebody is working on (PostgreSQL 16 and later)."
--   pg_buffercache_summary_usagecount_avg:
--     column: usagecount_avg
--     type: gauge
--     help: "How often used buffers were asked for of late, 0 to 5; near 5 they are all wanted (PostgreSQL 16 and later)."

-- Of version 1.4 of the extension. Takes no lock on buffers, unlike the view, yet looks at each of them: at
-- 100 GB these are 13 million.
select
  buffers_used,
  buffers_unused,
  buffers_dirty,
  buffers_pinned,
  usagecount_avg
from :extension_schema.pg_buffercache_summary()
