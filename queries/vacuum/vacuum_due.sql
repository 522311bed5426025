-- help: How far tables are from the next vacuum and analyze by autovacuum.
-- every: 60s
-- timeout: 10s
-- scope: database
-- on: primary
-- needs: {setting: track_counts}
-- labels: [schemaname, relname]
-- limit: 48
-- rest: true
-- metrics:
--   pg_table_vacuum_due_ratio:
--     column: vacuum_due
--     type: gauge
--     help: "Dead rows as a share of those at which autovacuum vacuums the table or its TOAST table; far above 1 it lags."
--   pg_table_insert_vacuum_due_ratio:
--     column: insert_due
--     type: gauge
--     help: "Rows inserted since the last vacuum, as a share of those at which autovacuum vacuums; absent when switched off."
--   pg_table_analyze_due_ratio:
--     column: analyze_due
--     type: gauge
--     help: "Rows changed since the last analyze, as a share of those at which autovacuum analyzes the table."
--   pg_table_vacuum_waiting:
--     column: vacuum_waiting
--     type: gauge
--     help: "Always 1: the table waits for autovacuum to vacuum it; _other counts more of them."
--   pg_table_analyze_waiting:
--     column: analyze_waiting
--     type: gauge
--     help: "Always 1: the table waits for autovacuum to analyze it; _other counts more of them."
--   pg_table_autovacuum_disabled:
--     column: disabled
--     type: gauge
--     help: "Always 1: autovacuum is switched off by an option of the table; _other counts more of them."

-- The conditions are those of relation_needs_vacanalyze() in autovacuum.c: an option of the table counts before the
-- setting of the server, a TOAST table without options has those of its table, a negative number of rows is not known
-- yet. System tables belong to autovacuum's work, temporary ones do not. Tables beyond the first 2000 are one row.
with setting as materialized (
  select
    pg_catalog.max(setting) filter (where name = 'autovacuum_vacuum_threshold')::float8 as vacuum_threshold,
    pg_catalog.max(setting) filter (where name = 'autovacuum_vacuum_scale_factor')::float8 as vacuum_scale,
    pg_catalog.max(setting) filter (where name = 'autovacuum_vacuum_insert_threshold')::float8 as insert_threshold,
    pg_catalog.max(setting) filter (where name = 'autovacuum_vacuum_insert_scale_factor')::float8 as insert_scale,
    pg_catalog.max(setting) filter (where name = 'autovacuum_analyze_threshold')::float8 as analyze_threshold,
    pg_catalog.max(setting) filter (where name = 'autovacuum_analyze_scale_factor')::float8 as analyze_scale,
    pg_catalog.max(setting) filter (where name = 'autovacuum_freeze_max_age')::float8 as freeze_age,
    pg_catalog.max(setting) filter (where name = 'autovacuum_multixact_freeze_max_age')::float8 as multixact_age
  from pg_catalog.pg_settings
  where name like 'autovacuum%'
),
relation as (
  select
    class.oid,
    coalesce(owner.oid, class.oid) as table_oid,
    class.relkind = 't' as is_toast,
    class.relpages,
    class.relfrozenxid,
    class.relminmxid,
    greatest(class.reltuples, 0)::float8 as live,
    coalesce(class.reloptions, owner.reloptions) as options
  from pg_catalog.pg_class as class
  left join pg_catalog.pg_class as owner
    on owner.reltoastrelid = class.oid
    and class.relkind = 't'
  where class.relkind in ('r', 'm', 't')
    and class.relpersistence <> 't'
),
trigger as (
  select
    relation.*,
    coalesce(option.is_enabled, true) as is_enabled,
    coalesce(option.vacuum_threshold, setting.vacuum_threshold)
      + coalesce(option.vacuum_scale, setting.vacuum_scale) * live as vacuum_at,
    case
      when coalesce(option.insert_threshold, setting.insert_threshold) >= 0
      then coalesce(option.insert_threshold, setting.insert_threshold)
        + coalesce(option.insert_scale, setting.insert_scale) * live
    end as insert_at,
    coalesce(option.analyze_threshold, setting.analyze_threshold)
      + coalesce(option.analyze_scale, setting.analyze_scale) * live as analyze_at,
    least(option.freeze_age, setting.freeze_age) as freeze_at,
    least(option.multixact_age, setting.multixact_age) as multixact_at
  from relation
  cross join setting
  cross join lateral (
    select
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_enabled')::boolean as is_enabled,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_vacuum_threshold')::float8
        as vacuum_threshold,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_vacuum_scale_factor')::float8
        as vacuum_scale,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_vacuum_insert_threshold')::float8
        as insert_threshold,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_vacuum_insert_scale_factor')::float8
        as insert_scale,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_analyze_threshold')::float8
        as analyze_threshold,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_analyze_scale_factor')::float8
        as analyze_scale,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_freeze_max_age')::float8 as freeze_age,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_multixact_freeze_max_age')::float8
        as multixact_age
    from pg_catalog.pg_options_to_table(relation.options)
  ) as option
),
state as (
  select
    trigger.*,
    pg_catalog.pg_stat_get_dead_tuples(oid) as dead,
    pg_catalog.pg_stat_get_ins_since_vacuum(oid) as inserted,
    case when not is_toast then pg_catalog.pg_stat_get_mod_since_analyze(oid) end as changed,
    vacuum_at as dead_at,
    relfrozenxid <> '0' and pg_catalog.age(relfrozenxid) > freeze_at
      or relminmxid <> '0' and pg_catalog.mxid_age(relminmxid) > multixact_at as is_aged
  from trigger
),
by_table as (
  select
    table_oid,
    pg_catalog.sum(relpages) as pages,
    -- A trigger below one row means that one row is enough.
    pg_catalog.max(dead / greatest(dead_at, 1)) as vacuum_due,
    pg_catalog.max(inserted / greatest(insert_at, 1)) filter (where insert_at is not null) as insert_due,
    pg_catalog.max(changed / greatest(analyze_at, 1)) as analyze_due,
    -- Against wraparound even a table is vacuumed for which autovacuum is switched off.
    pg_catalog.bool_or(
      is_aged or is_enabled and (dead > dead_at or coalesce(inserted > insert_at, false))
    ) as is_vacuum_waiting,
    coalesce(pg_catalog.bool_or(is_enabled and changed > analyze_at), false) as is_analyze_waiting,
    not pg_catalog.bool_and(is_enabled or is_toast) as is_disabled
  from state
  group by table_oid
),
ranked as (
  select
    by_table.*,
    namespace.nspname,
    class.relname,
    pg_catalog.row_number() over (
      order by
        is_vacuum_waiting desc,
        greatest(vacuum_due, insert_due, analyze_due) * (pages + 1) desc,
        table_oid
    ) as place
  from by_table
  join pg_catalog.pg_class as class
    on class.oid = by_table.table_oid
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = class.relnamespace
),
line as (
  select
    nspname,
    relname,
    vacuum_due,
    insert_due,
    analyze_due,
    is_vacuum_waiting,
    is_analyze_waiting,
    is_disabled,
    place
  from ranked
  union all
  -- Where nothing waits, a sum over all tables is to be 0.
  select null, null, null, null, null, false, false, false, null
)
select
  case when place <= 2000 then nspname end as schemaname,
  case when place <= 2000 then relname end as relname,
  pg_catalog.max(vacuum_due) as vacuum_due,
  pg_catalog.max(insert_due) as insert_due,
  pg_catalog.max(analyze_due) as analyze_due,
  -- A table that does not wait has no sample; the row of the rest has.
  pg_catalog.sum(case when is_vacuum_waiting then 1 when place is null then 0 end) as vacuum_waiting,
  pg_catalog.sum(case when is_analyze_waiting then 1 when place is null then 0 end) as analyze_waiting,
  pg_catalog.sum(case when is_disabled then 1 when place is null then 0 end) as disabled
from line
group by
  1,
  2
order by pg_catalog.min(place)
