-- help: Partitions of each partitioned table, how far they reach, and rows that fit in none.
-- every: 5m
-- timeout: 5s
-- scope: database
-- labels: [schemaname, relname]
-- limit: 33
-- rest: true
-- metrics:
--   pg_partitioned_table_partitions:
--     column: partitions
--     type: gauge
--     help: "Partitions directly below the table, the default partition included."
--   pg_partitioned_table_default_rows:
--     column: default_rows
--     type: gauge
--     help: "Estimated rows in the default partition: no other one fits them; absent without a default partition."
--   pg_partitioned_table_newest_bound_timestamp_seconds:
--     column: newest_bound
--     type: gauge
--     help: "Unix time in seconds up to which there are partitions; absent unless the table is in ranges of time."

-- A partition that is partitioned itself is part of its table. With relation 0 pg_get_expr() takes no lock; a bound
-- has no column whose name it would need. Of several columns in the key the first one counts. A last partition up to
-- MAXVALUE has no end: no time.
with parent as (
  select
    class.oid,
    namespace.nspname,
    class.relname,
    partitioned.partdefid,
    partitioned.partstrat = 'r'
      and attribute.atttypid in (
        'pg_catalog.date'::pg_catalog.regtype,
        'pg_catalog.timestamp'::pg_catalog.regtype,
        'pg_catalog.timestamptz'::pg_catalog.regtype
      ) as is_by_time
  from pg_catalog.pg_partitioned_table as partitioned
  join pg_catalog.pg_class as class
    on class.oid = partitioned.partrelid
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = class.relnamespace
  left join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = class.oid
    and attribute.attnum = partitioned.partattrs[0]
  where not class.relispartition
    and class.relpersistence <> 't'
),
partition as (
  select
    parent.oid as parent,
    case
      when is_by_time
      then pg_catalog.substring(
        pg_catalog.pg_get_expr(child.relpartbound, 0),
        ' TO [(](MAXVALUE|''[^'']+'')'
      )
    end as bound
  from parent
  join pg_catalog.pg_inherits as inherits
    on inherits.inhparent = parent.oid
  join pg_catalog.pg_class as child
    on child.oid = inherits.inhrelid
),
reach as (
  select
    parent,
    pg_catalog.count(*) as partitions,
    pg_catalog.max(case when bound <> 'MAXVALUE' then pg_catalog.btrim(bound, '''')::timestamptz end) as bound,
    coalesce(pg_catalog.bool_or(bound = 'MAXVALUE'), false) as is_endless
  from partition
  group by parent
)
select
  parent.nspname as schemaname,
  parent.relname,
  coalesce(reach.partitions, 0) as partitions,
  case
    when fallback.relkind = 'r'
    then coalesce(
      nullif(pg_catalog.pg_stat_get_live_tuples(fallback.oid), 0),
      greatest(fallback.reltuples, 0)::bigint
    )
  end as default_rows,
  case
    when not reach.is_endless and pg_catalog.isfinite(reach.bound)
    then extract(epoch from reach.bound)::float8
  end as newest_bound
from parent
left join reach
  on reach.parent = parent.oid
left join pg_catalog.pg_class as fallback
  on fallback.oid = parent.partdefid
order by
  default_rows desc nulls last,
  newest_bound nulls last,
  partitions desc,
  parent.oid
