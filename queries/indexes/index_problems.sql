-- help: Indexes that are invalid, unused, duplicate or redundant, their number and size, and which are the largest.
-- every: 15m
-- timeout: 10s
-- scope: database
-- labels: [problem, schemaname, relname, indexrelname, covered_by]
-- limit: 100
-- metrics:
--   pg_index_problems:
--     column: indexes
--     type: gauge
--     help: "Indexes that are building, invalid, duplicate, redundant or unused since statistics began; see docs/indexes.md."
--   pg_index_problems_bytes:
--     column: total
--     type: gauge
--     help: "Bytes of the indexes with this problem, as VACUUM, ANALYZE or CREATE INDEX saw them last."
--   pg_index_problem_bytes:
--     column: size
--     type: gauge
--     help: "Bytes of one of the three largest indexes with this problem; covered_by names the index that does its work."
--   pg_index_problem_xid_age:
--     column: xid_age
--     type: gauge
--     help: "Transactions begun since an invalid index was left so; if it keeps rising, drop the index and build it again."

-- building   a session builds it now, CONCURRENTLY
-- invalid    a build CONCURRENTLY failed: writes keep it up, no query uses it
-- duplicate  another index of the table is the same in everything that a query can see
-- redundant  its columns are the first ones of another B-tree of the table
-- unused     no scan since the statistics of this server began; a standby has statistics of its own
-- An index that guards a constraint, or the identity of rows for replication, has a use that no scan shows: it is never
-- called unused or redundant, and duplicate only when its twin guards as well.
with candidate as materialized (
  select
    c.oid,
    c.relnamespace,
    c.relname,
    c.relam,
    c.relpages::int8 * pg_catalog.current_setting('block_size')::int8 as size,
    pg_catalog.age(c.xmin) as xid_age,
    i.indrelid,
    i.indnatts,
    i.indnkeyatts,
    i.indisunique,
    i.indisvalid,
    i.indkey::int2[] as columns,
    i.indclass::oid[] as classes,
    i.indcollation::oid[] as collations,
    i.indoption::int2[] as options,
    -- Where in the statement an expression stood is no part of it.
    pg_catalog.regexp_replace(i.indexprs::text, ':location -?\d+', '', 'g') as expressions,
    pg_catalog.regexp_replace(i.indpred::text, ':location -?\d+', '', 'g') as predicate,
    -- What an index has to do besides being read: keep a constraint or the identity of rows, be unique, nothing.
    case
      when i.indisprimary or i.indisexclusion or i.indisreplident then 2
      when k.conindid is not null then 2
      when i.indisunique then 1
      else 0
    end as duty
  from pg_catalog.pg_class as c
  join pg_catalog.pg_index as i
    on i.indexrelid = c.oid
  join pg_catalog.pg_namespace as n
    on n.oid = c.relnamespace
  -- A foreign key names the index that it relies on, and several may rely on one.
  left join (
    select distinct conindid
    from pg_catalog.pg_constraint
  ) as k
    on k.conindid = c.oid
  where c.relkind = 'i'
    and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
),
-- The indexes of one table, each with each other. What is compared is in columns and not in conditions, or the planner,
-- who expects too few of everything here, would join by what all tables have alike: 20,000 indexes with 20,000.
pair as materialized (
  select
    a.oid,
    b.oid as other
  from (
    select pg_catalog.array_agg(oid) as members
    from candidate
    where indisvalid
    group by indrelid
    having pg_catalog.count(*) > 1
  ) as of_table
  cross join lateral pg_catalog.unnest(of_table.members) as a (oid)
  cross join lateral pg_catalog.unnest(of_table.members) as b (oid)
  where a.oid <> b.oid
),
-- Slices, because arrays are equal only when they begin at the same subscript. Expressions are left out of a prefix:
-- which of them belongs to which column cannot be seen here.
compared as materialized (
  select
    c.oid,
    o.oid as other,
    o.duty,
    o.size,
    o.relam = c.relam
      and o.indnkeyatts = c.indnkeyatts
      and o.columns = c.columns
      and o.classes = c.classes
      and o.collations = c.collations
      and o.options = c.options
      and o.expressions is not distinct from c.expressions
      and o.predicate is not distinct from c.predicate
      and o.indisunique >= c.indisunique
      and (o.duty > c.duty or o.duty = c.duty and o.oid < c.oid) as is_twin,
    o.relam = c.relam
      and c.relam = (select oid from pg_catalog.pg_am where amname = 'btree')
      and o.indnatts > c.indnatts
      and o.indnkeyatts >= c.indnkeyatts
      and o.columns[0:c.indnkeyatts - 1] = c.columns[0:c.indnkeyatts - 1]
      and o.classes[0:c.indnkeyatts - 1] = c.classes[0:c.indnkeyatts - 1]
      and o.collations[0:c.indnkeyatts - 1] = c.collations[0:c.indnkeyatts - 1]
      and o.options[0:c.indnkeyatts - 1] = c.options[0:c.indnkeyatts - 1]
      and o.predicate is not distinct from c.predicate
      and c.duty = 0
      and c.expressions is null
      -- Columns that INCLUDE adds may be why it exists.
      and c.indnatts = c.indnkeyatts as is_prefix
  from pair as p
  join candidate as c
    on c.oid = p.oid
  join candidate as o
    on o.oid = p.other
),
-- Of twins one stays: the one with more duties, else the oldest.
twin as materialized (
  select distinct on (oid)
    'duplicate' as problem,
    oid,
    other as covered_by
  from compared
  where is_twin
  order by
    oid,
    duty desc,
    other
),
prefix as materialized (
  select distinct on (oid)
    'redundant' as problem,
    oid,
    other as covered_by
  from compared
  where is_prefix
  order by
    oid,
    size,
    other
),
found as materialized (
  select
    case when p.relid is null then 'invalid' else 'building' end as problem,
    c.oid,
    null::oid as covered_by
  from candidate as c
  -- REINDEX TABLE CONCURRENTLY builds all indexes of a table, and tells of the one it is at.
  left join (
    select distinct relid
    from pg_catalog.pg_stat_progress_create_index
    where datname = pg_catalog.current_database()
  ) as p
    on p.relid = c.indrelid
  where not c.indisvalid
    -- Others' progress is hidden without it.
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
  union all
  select
    'unused' as problem,
    c.oid,
    null::oid as covered_by
  from candidate as c
  where c.indisvalid
    and c.duty = 0
    and pg_catalog.pg_stat_get_numscans(c.oid) = 0
  union all
  select * from twin
  union all
  select * from prefix
),
placed as (
  select
    f.problem,
    f.covered_by,
    c.relnamespace,
    c.indrelid,
    c.relname,
    c.size,
    case when f.problem = 'invalid' then c.xid_age end as xid_age,
    pg_catalog.row_number() over (partition by f.problem order by c.size desc, c.oid) as place
  from found as f
  join candidate as c
    on c.oid = f.oid
)
select
  p.problem,
  '' as schemaname,
  '' as relname,
  '' as indexrelname,
  '' as covered_by,
  pg_catalog.count(f.oid) as indexes,
  coalesce(pg_catalog.sum(c.size), 0)::int8 as total,
  null::int8 as size,
  null::int8 as xid_age
from (values ('building'), ('invalid'), ('duplicate'), ('redundant'), ('unused')) as p (problem)
left join found as f
  on f.problem = p.problem
left join candidate as c
  on c.oid = f.oid
where p.problem not in ('building', 'invalid')
  or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by p.problem
union all
select
  p.problem,
  n.nspname as schemaname,
  t.relname,
  p.relname as indexrelname,
  coalesce(o.relname, '') as covered_by,
  null as indexes,
  null as total,
  p.size,
  p.xid_age
from placed as p
join pg_catalog.pg_namespace as n
  on n.oid = p.relnamespace
join pg_catalog.pg_class as t
  on t.oid = p.indrelid
left join pg_catalog.pg_class as o
  on o.oid = p.covered_by
where p.place <= 3
order by
  indexes desc nulls last,
  size desc,
  problem,
  schemaname,
  indexrelname
