-- help: Tables as postgres_exporter shows them, the thousand largest; what never happened has no series.
-- every: 60s
-- timeout: 5s
-- scope: database
-- labels: [schemaname, relname]
-- limit: 18000
-- metrics:
--   pg_stat_user_tables_seq_scan:
--     column: seq_scan
--     type: counter
--     help: "Number of sequential scans initiated on this table."
--   pg_stat_user_tables_seq_tup_read:
--     column: seq_tup_read
--     type: counter
--     help: "Number of live rows fetched by sequential scans."
--   pg_stat_user_tables_idx_scan:
--     column: idx_scan
--     type: counter
--     help: "Number of index scans initiated on this table."
--   pg_stat_user_tables_idx_tup_fetch:
--     column: idx_tup_fetch
--     type: counter
--     help: "Number of live rows fetched by index scans."
--   pg_stat_user_tables_n_tup_ins:
--     column: n_tup_ins
--     type: counter
--     help: "Number of rows inserted."
--   pg_stat_user_tables_n_tup_upd:
--     column: n_tup_upd
--     type: counter
--     help: "Number of rows updated."
--   pg_stat_user_tables_n_tup_del:
--     column: n_tup_del
--     type: counter
--     help: "Number of rows deleted."
--   pg_stat_user_tables_n_tup_hot_upd:
--     column: n_tup_hot_upd
--     type: counter
--     help: "Number of rows HOT updated."
--   pg_stat_user_tables_vacuum_count:
--     column: vacuum_count
--     type: counter
--     help: "Number of times this table has been manually vacuumed."
--   pg_stat_user_tables_autovacuum_count:
--     column: autovacuum_count
--     type: counter
--     help: "Number of times this table has been vacuumed by autovacuum."
--   pg_stat_user_tables_analyze_count:
--     column: analyze_count
--     type: counter
--     help: "Number of times this table has been manually analyzed."
--   pg_stat_user_tables_autoanalyze_count:
--     column: autoanalyze_count
--     type: counter
--     help: "Number of times this table has been analyzed by autovacuum."
--   pg_stat_user_tables_last_vacuum:
--     column: last_vacuum
--     type: gauge
--     help: "Unix time of the last manual vacuum of this table."
--   pg_stat_user_tables_last_autovacuum:
--     column: last_autovacuum
--     type: gauge
--     help: "Unix time of the last vacuum by autovacuum of this table."
--   pg_stat_user_tables_last_analyze:
--     column: last_analyze
--     type: gauge
--     help: "Unix time of the last manual analyze of this table."
--   pg_stat_user_tables_last_autoanalyze:
--     column: last_autoanalyze
--     type: gauge
--     help: "Unix time of the last analyze by autovacuum of this table."
--   pg_stat_user_tables_index_size_bytes:
--     column: index_size
--     type: gauge
--     help: "Size of all indexes on this table as of the last VACUUM or ANALYZE, in bytes."
--   pg_stat_user_tables_table_size_bytes:
--     column: table_size
--     type: gauge
--     help: "Size of this table with its TOAST as of the last VACUUM or ANALYZE, in bytes."

-- Sizes come from pg_class: the functions that measure them wait behind whoever has locked a table.
with index_pages as (
  select
    i.indrelid,
    pg_catalog.sum(c.relpages) as pages
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c
    on c.oid = i.indexrelid
  group by i.indrelid
)
select
  t.schemaname,
  t.relname,
  t.seq_scan,
  t.seq_tup_read,
  t.idx_scan,
  t.idx_tup_fetch,
  t.n_tup_ins,
  t.n_tup_upd,
  t.n_tup_del,
  t.n_tup_hot_upd,
  t.vacuum_count,
  t.autovacuum_count,
  t.analyze_count,
  t.autoanalyze_count,
  extract(epoch from t.last_vacuum)::float8 as last_vacuum,
  extract(epoch from t.last_autovacuum)::float8 as last_autovacuum,
  extract(epoch from t.last_analyze)::float8 as last_analyze,
  extract(epoch from t.last_autoanalyze)::float8 as last_autoanalyze,
  coalesce(i.pages, 0) * block.size as index_size,
  (c.relpages + coalesce(toast.relpages, 0)) * block.size as table_size
from pg_catalog.pg_stat_user_tables as t
join pg_catalog.pg_class as c
  on c.oid = t.relid
left join pg_catalog.pg_class as toast
  on toast.oid = c.reltoastrelid
left join index_pages as i
  on i.indrelid = t.relid
cross join (
  select pg_catalog.current_setting('block_size')::bigint as size
) as block
order by
  c.relpages desc,
  t.schemaname,
  t.relname
limit 1000
