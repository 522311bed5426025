-- help: What a rewrite of the largest tables would give back, estimated from the catalogue alone.
-- every: 15m
-- timeout: 5s
-- scope: database
-- labels: [method, confidence, schemaname, relname]
-- limit: 75
-- rest: true
-- derive: table_bloat
-- alternatives:
--   helper: {function: oauth_exporter.column_statistics}
-- metrics:
--   pg_table_bloat_bytes:
--     column: bloat_bytes
--     type: gauge
--     help: "Bytes that VACUUM FULL would give back of a table, TOAST left out: an estimate, see its info."
--   pg_table_bloat_ratio:
--     column: bloat_ratio
--     type: gauge
--     help: "Share of a table's size that VACUUM FULL would give back, for those of 10 pages and more."
--   pg_table_toast_bloat_bytes:
--     column: toast_bloat_bytes
--     type: gauge
--     help: "Bytes that VACUUM FULL would give back of a table's TOAST, at least: of short values it may be more."
--   pg_table_toast_bloat_ratio:
--     column: toast_bloat_ratio
--     type: gauge
--     help: "Share of the size of a table's TOAST that VACUUM FULL would give back, at least."
--   pg_table_bloat_estimate_info:
--     column: estimates
--     type: gauge
--     help: "Always 1: the method of the estimate and its confidence; none says that the role sees no column statistics."

-- No lock is waited for: of a table that somebody has locked, or waits to lock, ACCESS EXCLUSIVE the size is as of its last
-- vacuum. pg_relation_size() would wait, and one such table would cost the answer.
with locked as materialized (
  select relation
  from pg_catalog.pg_locks
  where locktype = 'relation'
    and mode = 'AccessExclusiveLock'
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
),
-- relpages is as of the last vacuum or analyze: good enough to choose by, and free. A table counts by its heap or by its
-- TOAST, which depends on it.
large as materialized (
  select
    oid,
    relkind,
    relpages,
    reltuples
  from pg_catalog.pg_class
  where relkind in ('r', 'm', 't')
    and relpages >= 10
    and relpersistence <> 't'
    and relam = (select oid from pg_catalog.pg_am where amname = 'heap')
  order by relpages desc
  limit 200
),
schema as materialized (
  select
    oid,
    nspname
  from pg_catalog.pg_namespace
),
largest as materialized (
  select
    c.oid,
    n.nspname,
    c.relname,
    c.relpages,
    c.reltuples,
    c.reloptions,
    c.reltoastrelid
  from pg_catalog.pg_class as c
  join schema as n on n.oid = c.relnamespace
  where c.oid in (
    select oid
    from large
    where relkind <> 't'
    union all
    select d.refobjid
    from large as l
    join pg_catalog.pg_depend as d on d.objid = l.oid
    where l.relkind = 't'
      and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and d.objsubid = 0
      and d.deptype = 'i'
  )
    -- Tables of the system catalogue count when they are large.
    and (n.nspname not in ('pg_catalog', 'information_schema') or c.relpages >= 1000)
),
statistic as materialized (
  select
    l.oid as relation,
    s.attname,
    s.null_frac,
    s.avg_width
  from largest as l
  cross join lateral (
    select
      attname,
      null_frac,
      avg_width
    from pg_catalog.pg_stats
    where schemaname = l.nspname and tablename = l.relname and not inherited
    offset 0 -- one table at a time: else the statistics of all tables are read
  ) as s
),
attribute as (
  select
    a.attrelid,
    pg_catalog.array_agg(a.attlen order by a.attnum) as lengths,
    pg_catalog.string_agg(a.attalign::text, '' order by a.attnum) as alignments,
    pg_catalog.string_agg(a.attstorage::text, '' order by a.attnum) as storages,
    -- A dropped column is NULL in every row that is written anew.
    pg_catalog.array_agg(case when a.attisdropped then 1 else s.null_frac end order by a.attnum) as nulls,
    pg_catalog.array_agg(s.avg_width order by a.attnum) as widths,
    pg_catalog.array_agg(a.atttypid in ('pg_catalog.inet'::pg_catalog.regtype, 'pg_catalog.cidr'::pg_catalog.regtype) order by a.attnum) as constant,
    null::float4[] as residues
  from largest as l
  join pg_catalog.pg_attribute as a on a.attrelid = l.oid and a.attnum > 0
  left join statistic as s on s.relation = a.attrelid and s.attname = a.attname
  group by a.attrelid
)
select
  l.nspname as schemaname,
  l.relname,
  l.relpages,
  l.reltuples::float8 as reltuples,
  case
    when l.oid not in (select relation from locked)
      then pg_catalog.pg_relation_size(l.oid) / pg_catalog.current_setting('block_size')::int8
  end as pages,
  pg_catalog.pg_stat_get_live_tuples(l.oid) as live,
  pg_catalog.pg_stat_get_mod_since_analyze(l.oid) as modified,
  not pg_catalog.pg_is_in_recovery()
    and coalesce(
      pg_catalog.pg_stat_get_last_vacuum_time(l.oid),
      pg_catalog.pg_stat_get_last_autovacuum_time(l.oid),
      pg_catalog.pg_stat_get_last_analyze_time(l.oid),
      pg_catalog.pg_stat_get_last_autoanalyze_time(l.oid)
    ) is not null as is_counted,
  coalesce(
    (select option_value::int from pg_catalog.pg_options_to_table(l.reloptions) where option_name = 'fillfactor'),
    100
  ) as fillfactor,
  pg_catalog.current_setting('block_size')::int as block_size,
  a.lengths,
  a.alignments,
  a.storages,
  a.nulls,
  a.widths,
  a.constant,
  a.residues,
  case
    when t.oid not in (select relation from locked)
      then pg_catalog.pg_relation_size(t.oid) / pg_catalog.current_setting('block_size')::int8
  end as toast_pages,
  case
    when pg_catalog.pg_is_in_recovery() then t.reltuples
    else pg_catalog.pg_stat_get_live_tuples(t.oid)
  end as chunks
from largest as l
left join attribute as a on a.attrelid = l.oid
left join large as t on t.oid = l.reltoastrelid
order by l.relpages desc
