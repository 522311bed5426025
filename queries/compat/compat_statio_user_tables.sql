-- help: Blocks of tables as postgres_exporter shows them, the thousand most read.
-- every: 60s
-- timeout: 5s
-- scope: database
-- labels: [schemaname, relname]
-- limit: 8000
-- metrics:
--   pg_statio_user_tables_heap_blocks_read:
--     column: heap_blocks_read
--     type: counter
--     help: "Number of disk blocks read from this table."
--   pg_statio_user_tables_heap_blocks_hit:
--     column: heap_blocks_hit
--     type: counter
--     help: "Number of buffer hits in this table."
--   pg_statio_user_tables_idx_blocks_read:
--     column: idx_blocks_read
--     type: counter
--     help: "Number of disk blocks read from all indexes on this table."
--   pg_statio_user_tables_idx_blocks_hit:
--     column: idx_blocks_hit
--     type: counter
--     help: "Number of buffer hits in all indexes on this table."
--   pg_statio_user_tables_toast_blocks_read:
--     column: toast_blocks_read
--     type: counter
--     help: "Number of disk blocks read from the TOAST table of this table."
--   pg_statio_user_tables_toast_blocks_hit:
--     column: toast_blocks_hit
--     type: counter
--     help: "Number of buffer hits in the TOAST table of this table."
--   pg_statio_user_tables_tidx_blocks_read:
--     column: tidx_blocks_read
--     type: counter
--     help: "Number of disk blocks read from the indexes of the TOAST table."
--   pg_statio_user_tables_tidx_blocks_hit:
--     column: tidx_blocks_hit
--     type: counter
--     help: "Number of buffer hits in the indexes of the TOAST table."

select
  schemaname,
  relname,
  heap_blks_read as heap_blocks_read,
  heap_blks_hit as heap_blocks_hit,
  idx_blks_read as idx_blocks_read,
  idx_blks_hit as idx_blocks_hit,
  toast_blks_read as toast_blocks_read,
  toast_blks_hit as toast_blocks_hit,
  tidx_blks_read as tidx_blocks_read,
  tidx_blks_hit as tidx_blocks_hit
from pg_catalog.pg_statio_user_tables
order by
  heap_blks_read + heap_blks_hit desc nulls last,
  schemaname,
  relname
limit 1000
