-- help: What REINDEX of the largest B-trees would give back, estimated from the catalogue alone.
-- every: 1h
-- timeout: 5s
-- scope: database
-- labels: [method, confidence, schemaname, relname, indexrelname]
-- limit: 87
-- rest: true
-- derive: btree_bloat
-- alternatives:
--   helper: {function: oauth_exporter.column_statistics}
-- metrics:
--   pg_index_bloat_bytes:
--     column: bloat_bytes
--     type: gauge
--     help: "Bytes that REINDEX would give back of a B-tree: an estimate, see its info."
--   pg_index_bloat_ratio:
--     column: bloat_ratio
--     type: gauge
--     help: "Share of a B-tree that REINDEX would give back; 0.2 to 0.3 is usual where keys arrive in any order."
--   pg_index_bloat_estimate_info:
--     column: estimates
--     type: gauge
--     help: "Always 1: the method of the estimate and its confidence; none says that the role sees no column statistics."

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
-- One relation at a time, which OFFSET and MATERIALIZED are for: else the statistics of all are read, or some often.
shown as materialized (
  select
    k.relation,
    s.*
  from (
    select relation
    from member
    group by relation
  ) as k
  join pg_catalog.pg_class as c
    on c.oid = k.relation
  join pg_catalog.pg_namespace as n
    on n.oid = c.relnamespace
  cross join lateral (
    select
      attname,
      null_frac,
      avg_width,
      n_distinct,
      most_common_vals,
      most_common_freqs,
      histogram_bounds
    from pg_catalog.pg_stats
    where schemaname = n.nspname
      and tablename = c.relname
      and not inherited
    offset 0
  ) as s
),
statistic as materialized (
  select
    a.attrelid as relation,
    a.attnum,
    s.null_frac,
    s.avg_width,
    s.n_distinct,
    s.most_common_freqs[1:100] as mcv_freqs,
    f.common as mcv_sum,
    pg_catalog.cardinality(s.most_common_freqs) as mcv_count,
    r.residues
  from shown as s
  join pg_catalog.pg_attribute as a
    on a.attrelid = s.relation
    and a.attname = s.attname
  cross join lateral (
    select pg_catalog.sum(common) as common
    from pg_catalog.unnest(s.most_common_freqs) as common
  ) as f
  -- Which share of the values is stored in a multiple of 8 bytes, in one more, and so on: as the helper function has it.
  left join lateral (
    select array[
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 0),
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 1),
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 2),
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 3),
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 4),
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 5),
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 6),
      pg_catalog.sum(w.share) filter (where w.bytes % 8 = 7)
    ] as residues
    from (
      select
        v.share,
        case
          when a.atttypid = 'pg_catalog.numeric'::pg_catalog.regtype
            then pg_catalog.pg_column_size(v.value::numeric) - 3
          else pg_catalog.octet_length(v.value) + case when pg_catalog.octet_length(v.value) <= 126 then 1 else 4 end
        end as bytes
      from (
        select
          pg_catalog.unnest(s.most_common_vals::text::text[]) as value,
          pg_catalog.unnest(s.most_common_freqs)::float8 as share
        union all
        select
          pg_catalog.unnest(h.bounds),
          (1 - coalesce(f.common, 0) - s.null_frac) / pg_catalog.cardinality(h.bounds)
        from (
          select s.histogram_bounds::text::text[] as bounds
          offset 0 -- or it would be read once for each use
        ) as h
      ) as v
      where a.attlen = -1
        and s.avg_width <= 256
        and coalesce(pg_catalog.pg_column_size(s.most_common_vals), 0)
          + coalesce(pg_catalog.pg_column_size(s.histogram_bounds), 0) <= 32768
        and a.atttypid in (
          'pg_catalog.text'::pg_catalog.regtype,
          'pg_catalog.varchar'::pg_catalog.regtype,
          'pg_catalog.bpchar'::pg_catalog.regtype,
          'pg_catalog.numeric'::pg_catalog.regtype
        )
    ) as w
  ) as r on true
  where (a.attrelid, a.attnum) in (
    select
      relation,
      attnum
    from member
  )
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
