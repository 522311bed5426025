-- help: Blocks of tables read and found in shared buffers.
-- every: 60s
-- timeout: 10s
-- scope: database
-- needs: {setting: track_counts}
-- labels: [schemaname, relname]
-- limit: 88
-- rest: true
-- metrics:
--   pg_statio_user_tables_heap_blocks_read_total:
--     column: heap_blks_read
--     type: counter
--     help: "Blocks of the table itself that were not in shared buffers and had to be read."
--   pg_statio_user_tables_heap_blocks_hit_total:
--     column: heap_blks_hit
--     type: counter
--     help: "Blocks of the table itself that were found in shared buffers."
--   pg_statio_user_tables_idx_blocks_read_total:
--     column: idx_blks_read
--     type: counter
--     help: "Blocks of its indexes that were not in shared buffers and had to be read."
--   pg_statio_user_tables_idx_blocks_hit_total:
--     column: idx_blks_hit
--     type: counter
--     help: "Blocks of its indexes that were found in shared buffers."
--   pg_statio_user_tables_toast_blocks_read_total:
--     column: toast_blks_read
--     type: counter
--     help: "Blocks of its TOAST table that were not in shared buffers and had to be read."
--   pg_statio_user_tables_toast_blocks_hit_total:
--     column: toast_blks_hit
--     type: counter
--     help: "Blocks of its TOAST table that were found in shared buffers."
--   pg_statio_user_tables_tidx_blocks_read_total:
--     column: tidx_blks_read
--     type: counter
--     help: "Blocks of its TOAST table's index that were not in shared buffers and had to be read."
--   pg_statio_user_tables_tidx_blocks_hit_total:
--     column: tidx_blks_hit
--     type: counter
--     help: "Blocks of its TOAST table's index that were found in shared buffers."

-- Without an index or a TOAST table there is nothing to count: NULL. Temporary tables are left out.
with ranked as (
  select
    io.*,
    pg_catalog.row_number() over (
      order by
        heap_blks_read + coalesce(idx_blks_read, 0) + coalesce(toast_blks_read, 0) desc,
        heap_blks_hit + coalesce(idx_blks_hit, 0) + coalesce(toast_blks_hit, 0) desc,
        io.relid
    ) as place
  from pg_catalog.pg_statio_user_tables as io
  join pg_catalog.pg_class as class
    on class.oid = io.relid
  where class.relpersistence <> 't'
)
select
  case when place <= 2000 then schemaname end as schemaname,
  case when place <= 2000 then relname end as relname,
  pg_catalog.sum(heap_blks_read)::bigint as heap_blks_read,
  pg_catalog.sum(heap_blks_hit)::bigint as heap_blks_hit,
  pg_catalog.sum(idx_blks_read)::bigint as idx_blks_read,
  pg_catalog.sum(idx_blks_hit)::bigint as idx_blks_hit,
  pg_catalog.sum(toast_blks_read)::bigint as toast_blks_read,
  pg_catalog.sum(toast_blks_hit)::bigint as toast_blks_hit,
  pg_catalog.sum(tidx_blks_read)::bigint as tidx_blks_read,
  pg_catalog.sum(tidx_blks_hit)::bigint as tidx_blks_hit
from ranked
group by
  1,
  2
order by pg_catalog.min(place)
