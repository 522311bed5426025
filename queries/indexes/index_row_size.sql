-- help: Size of the largest indexes that are no B-trees, by the rows of their table.
-- every: 5m
-- timeout: 2s
-- scope: database
-- labels: [schemaname, relname, indexrelname]
-- limit: 5
-- metrics:
--   pg_index_row_bytes:
--     column: row_size
--     type: gauge
--     help: "Bytes of a GIN, GiST, hash or other index for each row of its table; what it grew by is about its bloat."

-- How bloated such an index is cannot be told from the catalogue. One that grows while rows stay what they were, is.
-- Size and rows are those of the last VACUUM or ANALYZE, which reads both at a time. A block range index holds nothing for single rows.
select
  n.nspname as schemaname,
  t.relname,
  c.relname as indexrelname,
  c.relpages * pg_catalog.current_setting('block_size')::float8 / t.reltuples as row_size
from pg_catalog.pg_class as c
join pg_catalog.pg_index as i
  on i.indexrelid = c.oid
join pg_catalog.pg_class as t
  on t.oid = i.indrelid
join pg_catalog.pg_namespace as n
  on n.oid = c.relnamespace
join pg_catalog.pg_am as m
  on m.oid = c.relam
where c.relkind = 'i'
  and c.relpersistence <> 't'
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and m.amname not in ('btree', 'brin')
  -- Of an index of some of the rows, it is not known of how many.
  and i.indpred is null
  and t.reltuples > 0
order by
  c.relpages desc,
  n.nspname,
  c.relname
