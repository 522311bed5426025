-- No lock is waited for: of an index that somebody has locked, or waits to lock, ACCESS EXCLUSIVE the size is as of its last
-- vacuum. pg_relation_size() would wait, and one such index would cost the answer.
with locked as materialized (
  select relation
  from pg_catalog.pg_locks
  where locktype = 'relation'
    and mode = 'AccessExclusiveLock'
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
),
largest as materialized (
  select
    c.oid,
    c.relnamespace,
    c.relname,
    c.relpages,
    c.reltuples,
    c.reloptions,
    i.indrelid,
    i.indnatts,
    i.indnkeyatts,
    i.indisunique,
    i.indpred,
    i.indkey::int2[] as columns,
    i.indclass::oid[] as classes,
    i.indcollation::oid[] as collations
  from pg_catalog.pg_class as c
  join pg_catalog.pg_index as i
    on i.indexrelid = c.oid
  where c.relkind = 'i'
    and c.relpages >= 10
    and c.relpersistence <> 't'
    and c.relam = (select oid from pg_catalog.pg_am where amname = 'btree')
    and i.indisvalid
    and c.relnamespace not in (
      select oid
      from pg_catalog.pg_namespace
      where nspname in ('pg_catalog', 'information_schema', 'pg_toast')
    )
  order by c.relpages desc
  limit 200
),
-- Where the statistics of each column are kept: with the table, and those of an expression with the index.
member as materialized (
  select
    l.oid as index_oid,
    a.attnum as place,
    a.attlen,
    a.attalign,
    a.attstorage,
    a.atttypid,
    coalesce(b.attnotnull, false) as is_not_null,
    l.columns[a.attnum - 1] = 0 as is_expression,
    case when l.columns[a.attnum - 1] = 0 then l.oid else l.indrelid end as relation,
    case when l.columns[a.attnum - 1] = 0 then a.attnum else l.columns[a.attnum - 1] end as attnum
  from largest as l
  join pg_catalog.pg_attribute as a
    on a.attrelid = l.oid
    and a.attnum > 0
  left join pg_catalog.pg_attribute as b
    on b.attrelid = l.indrelid
    and b.attnum = l.columns[a.attnum - 1]
),
statistic as materialized (
  select
    relation,
    attnum,
    null_frac,
    avg_width,
    n_distinct,
    mcv_freqs,
    mcv_sum,
    mcv_count,
    residues
  from oauth_exporter.column_statistics(array(select relation from member group by relation))
),
-- Equal keys are held once for all their rows where equal values are the same bytes, as the operator class says: not
-- numbers with a scale, floats and some others, nor text of a nondeterministic collation.
described as materialized (
  select
    l.*,
    n.nspname,
    t.relname as table_name,
    t.reltuples as table_rows,
    l.classes <@ array(
      select o.oid
      from pg_catalog.pg_opclass as o
      join pg_catalog.pg_amproc as p
        on p.amprocfamily = o.opcfamily
        and p.amproclefttype = o.opcintype
        and p.amprocrighttype = o.opcintype
        and p.amprocnum = 4
      where o.opcmethod = (select oid from pg_catalog.pg_am where amname = 'btree')
    )
    and not l.collations && array(select oid from pg_catalog.pg_collation where not collisdeterministic)
    -- An index with INCLUDE never does it.
    and l.indnatts = l.indnkeyatts
    and coalesce(
      (select option_value::bool from pg_catalog.pg_options_to_table(l.reloptions) where option_name = 'deduplicate_items'),
      true
    ) as can_deduplicate,
    coalesce(
      (select option_value::int from pg_catalog.pg_options_to_table(l.reloptions) where option_name = 'fillfactor'),
      90
    ) as fillfactor,
    case
      when l.oid not in (select relation from locked)
        then pg_catalog.pg_relation_size(l.oid) / pg_catalog.current_setting('block_size')::int8
    end as pages,
    not pg_catalog.pg_is_in_recovery()
    and coalesce(
      pg_catalog.pg_stat_get_last_vacuum_time(l.indrelid),
      pg_catalog.pg_stat_get_last_autovacuum_time(l.indrelid),
      pg_catalog.pg_stat_get_last_analyze_time(l.indrelid),
      pg_catalog.pg_stat_get_last_autoanalyze_time(l.indrelid)
    ) is not null as is_counted
  from largest as l
  join pg_catalog.pg_class as t
    on t.oid = l.indrelid
  join pg_catalog.pg_namespace as n
    on n.oid = l.relnamespace
)
select
  d.nspname as schemaname,
  d.table_name as relname,
  d.relname as indexrelname,
  d.relpages,
  d.pages,
  pg_catalog.current_setting('block_size')::int as block_size,
  d.table_rows::float8 as reltuples,
  case when d.indpred is not null then d.reltuples::float8 end as partial_rows,
  d.indpred::text as predicate,
  pg_catalog.pg_stat_get_live_tuples(d.indrelid) as live,
  pg_catalog.pg_stat_get_mod_since_analyze(d.indrelid) as modified,
  d.is_counted,
  d.fillfactor,
  d.indisunique as is_unique,
  d.can_deduplicate,
  d.indnkeyatts as keys,
  m.is_expression,
  m.attnum,
  m.attlen as length,
  m.attalign::text as alignment,
  m.attstorage::text as storage,
  m.atttypid in ('pg_catalog.inet'::pg_catalog.regtype, 'pg_catalog.cidr'::pg_catalog.regtype) as is_constant,
  m.is_not_null,
  s.null_frac,
  s.avg_width,
  s.n_distinct,
  s.mcv_freqs,
  s.mcv_sum,
  s.mcv_count,
  s.residues
from described as d
join member as m
  on m.index_oid = d.oid
left join statistic as s
  on s.relation = m.relation
  and s.attnum = m.attnum
order by
  d.relpages desc,
  d.oid,
  m.place
