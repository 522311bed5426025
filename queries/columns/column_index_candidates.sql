-- help: Columns of many values in no order that no index begins with.
-- every: 1h
-- timeout: 10s
-- scope: database
-- labels: [schemaname, relname, attname]
-- limit: 50
-- metrics:
--   pg_column_index_candidate_distinct_values:
--     column: distinct_values
--     type: gauge
--     help: "Estimated distinct values of a column that is in no order on the disk and leads no index."

-- Statistics of columns show to those who may read the columns, so with pg_monitor alone there is no row. Low
-- correlation makes an index useful for few rows at a time and does not mean that one is missing: see
-- pg_table_missing_index_candidate for what is read. Below 800 kB reading the table is as good as an index.
select
  stats.schemaname,
  stats.tablename as relname,
  stats.attname,
  -- Negative: a share of the rows.
  (case when stats.n_distinct < 0 then -stats.n_distinct * class.reltuples else stats.n_distinct end)::float8
    as distinct_values
from pg_catalog.pg_stats as stats
join pg_catalog.pg_namespace as namespace
  on namespace.nspname = stats.schemaname
join pg_catalog.pg_class as class
  on class.relnamespace = namespace.oid
  and class.relname = stats.tablename
join pg_catalog.pg_attribute as attribute
  on attribute.attrelid = class.oid
  and attribute.attname = stats.attname
where stats.schemaname not in ('pg_catalog', 'information_schema')
  and not stats.inherited
  and class.relpages > 100
  and case when stats.n_distinct < 0 then -stats.n_distinct * class.reltuples else stats.n_distinct end > 100
  and stats.correlation between -0.1 and 0.1
  and not exists (
    select
    from pg_catalog.pg_index as index
    where index.indrelid = class.oid
      and index.indkey[0] = attribute.attnum
  )
order by
  class.relpages desc,
  distinct_values desc,
  stats.schemaname,
  stats.tablename,
  stats.attname
-- What is over the limit would count as dropped, though nothing is missed.
limit 50
