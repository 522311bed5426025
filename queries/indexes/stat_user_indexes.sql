-- help: How much the largest and the most used indexes are used, and the others in sum.
-- every: 60s
-- timeout: 2s
-- scope: database
-- labels: [schemaname, relname, indexrelname]
-- limit: 54
-- rest: true
-- metrics:
--   pg_stat_user_indexes_idx_scan_total:
--     column: idx_scan
--     type: counter
--     help: "Scans of the index; 0 for weeks, on standbys too, says that nobody needs it unless it is unique."
--   pg_stat_user_indexes_idx_tup_read_total:
--     column: idx_tup_read
--     type: counter
--     help: "Index entries that scans of the index returned."
--   pg_stat_user_indexes_idx_tup_fetch_total:
--     column: idx_tup_fetch
--     type: counter
--     help: "Live rows that plain index scans fetched by the index; scans of the index alone fetch none."
--   pg_statio_user_indexes_idx_blks_read_total:
--     column: idx_blks_read
--     type: counter
--     help: "Blocks of the index that were not in shared buffers when they were needed."
--   pg_statio_user_indexes_idx_blks_hit_total:
--     column: idx_blks_hit
--     type: counter
--     help: "Blocks of the index that were found in shared buffers."
--   pg_stat_user_indexes_last_idx_scan_timestamp_seconds:
--     column: last_idx_scan
--     type: gauge
--     help: "When the index was last scanned, in seconds since 1970; absent when it never was (PostgreSQL 16 and later)."

-- The largest indexes and the most scanned ones take turns in the ranking. Sizes are those of the last VACUUM or ANALYZE.
with ranked as materialized (
  select
    s.schemaname,
    s.relname,
    s.indexrelname,
    s.idx_scan,
    s.idx_tup_read,
    s.idx_tup_fetch,
    pg_catalog.pg_stat_get_blocks_fetched(s.indexrelid) as blocks,
    pg_catalog.pg_stat_get_blocks_hit(s.indexrelid) as idx_blks_hit,
    null::float8 as last_idx_scan,
    pg_catalog.row_number() over (order by c.relpages desc, s.indexrelid) as by_size,
    pg_catalog.row_number() over (order by s.idx_scan desc, s.indexrelid) as by_use
  from pg_catalog.pg_stat_user_indexes as s
  join pg_catalog.pg_class as c
    on c.oid = s.indexrelid
  -- Temporary tables come and go with their session.
  where c.relpersistence <> 't'
),
listed as (
  select
    schemaname,
    relname,
    indexrelname,
    idx_scan,
    idx_tup_read,
    idx_tup_fetch,
    blocks - idx_blks_hit as idx_blks_read,
    idx_blks_hit,
    last_idx_scan,
    least(by_size, by_use) as place
  from ranked
  where by_size <= 200
    or by_use <= 200
  union all
  select
    null as schemaname,
    null as relname,
    null as indexrelname,
    pg_catalog.sum(idx_scan)::int8,
    pg_catalog.sum(idx_tup_read)::int8,
    pg_catalog.sum(idx_tup_fetch)::int8,
    pg_catalog.sum(blocks - idx_blks_hit)::int8,
    pg_catalog.sum(idx_blks_hit)::int8,
    null,
    null
  from ranked
  where by_size > 200
    and by_use > 200
)
select
  schemaname,
  relname,
  indexrelname,
  idx_scan,
  idx_tup_read,
  idx_tup_fetch,
  idx_blks_read,
  idx_blks_hit,
  last_idx_scan
from listed
order by
  place,
  schemaname,
  indexrelname
