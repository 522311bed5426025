-- help: Sequences and the integer keys that they fill, by the share of their range that is used.
-- every: 5m
-- timeout: 5s
-- scope: database
-- labels: [schemaname, sequencename, relname, attname]
-- limit: 20
-- rest: true
-- metrics:
--   pg_sequence_used_ratio:
--     column: used
--     type: gauge
--     help: "Share of a sequence's range that is used, up to what the narrowest column of its numbers can hold."

-- A bigint sequence that fills an integer column ends where the column does, and so does a key that an integer column
-- of another table refers to. Reading a sequence takes a lock on it that lasts as long as the query, so 200 are read:
-- those whose range is smallest against the rows of their table. One that is locked itself would make us wait.
with fed as (
  -- serial and identity columns own their sequence,
  select
    sequence.seqrelid as sequence,
    depend.refobjid as relation,
    depend.refobjsubid::smallint as attnum
  from pg_catalog.pg_sequence as sequence
  join pg_catalog.pg_depend as depend
    on depend.objid = sequence.seqrelid
  where depend.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and depend.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and depend.deptype in ('a', 'i')
    and depend.refobjsubid > 0
  union
  -- others name one in their default.
  select
    sequence.seqrelid,
    attrdef.adrelid,
    attrdef.adnum
  from pg_catalog.pg_sequence as sequence
  join pg_catalog.pg_depend as depend
    on depend.refobjid = sequence.seqrelid
  join pg_catalog.pg_attrdef as attrdef
    on attrdef.oid = depend.objid
  where depend.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
    and depend.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
),
key as (
  select
    fed.*
  from fed
  union
  select
    fed.sequence,
    foreign_key.conrelid,
    foreign_key.conkey[place]
  from fed
  join pg_catalog.pg_constraint as foreign_key
    on foreign_key.confrelid = fed.relation
    and foreign_key.contype = 'f'
  cross join lateral pg_catalog.generate_subscripts(foreign_key.confkey, 1) as place
  where foreign_key.confkey[place] = fed.attnum
),
attribute as (
  select distinct on (key.sequence)
    key.sequence,
    key.relation,
    class.relname,
    attribute.attname,
    holds.least_value,
    holds.greatest_value
  from key
  join pg_catalog.pg_class as class
    on class.oid = key.relation
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = key.relation
    and attribute.attnum = key.attnum
  join pg_catalog.pg_type as type
    on type.oid = attribute.atttypid
  left join (
    values
      ('pg_catalog.int2'::pg_catalog.regtype, -32768::bigint, 32767::bigint),
      ('pg_catalog.int4'::pg_catalog.regtype, -2147483648::bigint, 2147483647::bigint)
  ) as holds (type, least_value, greatest_value)
    on holds.type = coalesce(nullif(type.typbasetype, 0), type.oid)
  order by
    key.sequence,
    holds.greatest_value,
    key.relation,
    key.attnum
),
range as (
  select
    sequence.seqrelid,
    sequence.seqincrement > 0 as is_ascending,
    greatest(sequence.seqmin, attribute.least_value)::float8 as lowest,
    least(sequence.seqmax, attribute.greatest_value)::float8 as highest,
    attribute.relname,
    attribute.attname,
    greatest(class.reltuples, pg_catalog.pg_stat_get_tuples_inserted(class.oid), 0)::float8 as rows_seen
  from pg_catalog.pg_sequence as sequence
  left join attribute
    on attribute.sequence = sequence.seqrelid
  left join pg_catalog.pg_class as class
    on class.oid = attribute.relation
  -- One that begins again at its end is used up only where its column is narrower.
  where not sequence.seqcycle
    or attribute.greatest_value < sequence.seqmax
),
locked as materialized (
  select relation
  from pg_catalog.pg_locks
  where locktype = 'relation'
    and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
),
readable as materialized (
  select
    range.*,
    namespace.nspname,
    class.relname as sequencename
  from range
  join pg_catalog.pg_class as class
    on class.oid = range.seqrelid
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = class.relnamespace
  where class.relpersistence <> 't'
    -- An unlogged one is empty on a standby.
    and not (class.relpersistence = 'u' and pg_catalog.pg_is_in_recovery())
    and pg_catalog.has_sequence_privilege(range.seqrelid, 'USAGE, SELECT')
    and range.seqrelid not in (select relation from locked)
  order by
    rows_seen / greatest(highest - lowest, 1) desc,
    highest - lowest,
    range.seqrelid
  limit 200
),
value as materialized (
  select
    readable.*,
    -- NULL for one that was never used.
    pg_catalog.pg_sequence_last_value(seqrelid)::float8 as last_value
  from readable
)
select
  nspname as schemaname,
  sequencename,
  relname,
  attname,
  case when is_ascending then last_value - lowest else highest - last_value end / greatest(highest - lowest, 1) as used
from value
where last_value is not null
order by
  used desc,
  nspname,
  sequencename
