-- help: Tables that autovacuum does not keep up with, whether a vacuum is at them, and who keeps it out.
-- every: 5m
-- timeout: 2s
-- budget: 0.1%
-- scope: database
-- on: primary
-- needs: {setting: track_counts}
-- limit: 30
-- evidence: vacuum

-- The triggers are those of vacuum_due. Shown is what is twice over that of dead rows, or a tenth over an age: up to
-- there autovacuum is only about to come. Vacuums and locks are looked up where there is such a table.
with setting as materialized (
  select
    pg_catalog.max(setting) filter (where name = 'autovacuum_vacuum_threshold')::float8 as threshold,
    pg_catalog.max(setting) filter (where name = 'autovacuum_vacuum_scale_factor')::float8 as scale,
    pg_catalog.max(setting) filter (where name = 'autovacuum_freeze_max_age')::float8 as freeze_age,
    pg_catalog.max(setting) filter (where name = 'autovacuum_multixact_freeze_max_age')::float8 as multixact_age
  from pg_catalog.pg_settings
  where name like 'autovacuum%'
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
),
state as (
  select
    class.oid,
    coalesce(owner.oid, class.oid) as table_oid,
    class.relkind = 't' as is_toast,
    class.relpages,
    coalesce(option.is_enabled, true) as is_enabled,
    pg_catalog.pg_stat_get_dead_tuples(class.oid) as dead,
    coalesce(option.threshold, setting.threshold)
      + coalesce(option.scale, setting.scale) * greatest(class.reltuples, 0) as dead_at,
    case when class.relfrozenxid <> '0' then pg_catalog.age(class.relfrozenxid) end as xid_age,
    least(option.freeze_age, setting.freeze_age) as xid_age_at,
    case when class.relminmxid <> '0' then pg_catalog.mxid_age(class.relminmxid) end as multixact_age,
    least(option.multixact_age, setting.multixact_age) as multixact_age_at
  from pg_catalog.pg_class as class
  left join pg_catalog.pg_class as owner
    on owner.reltoastrelid = class.oid
    and class.relkind = 't'
  cross join setting
  cross join lateral (
    select
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_enabled')::boolean as is_enabled,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_vacuum_threshold')::float8 as threshold,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_vacuum_scale_factor')::float8 as scale,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_freeze_max_age')::float8 as freeze_age,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_multixact_freeze_max_age')::float8
        as multixact_age
    from pg_catalog.pg_options_to_table(coalesce(class.reloptions, owner.reloptions))
  ) as option
  where class.relkind in ('r', 'm', 't')
    and class.relpersistence <> 't'
    -- Without the role there is no setting.
    and setting.threshold is not null
),
overdue as materialized (
  select
    state.*,
    pg_catalog.format('%I.%I', namespace.nspname, class.relname) as name,
    greatest(
      dead / (2 * greatest(dead_at, 1)),
      xid_age / (1.1 * xid_age_at),
      multixact_age / (1.1 * multixact_age_at)
    ) as due
  from state
  join pg_catalog.pg_class as class
    on class.oid = state.table_oid
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = class.relnamespace
  where state.dead > 2 * greatest(state.dead_at, 1)
    or state.xid_age > 1.1 * state.xid_age_at
    or state.multixact_age > 1.1 * state.multixact_age_at
)
select
  case when overdue.is_toast then 'TOAST of table' else 'table' end as holder,
  overdue.name,
  overdue.dead as dead_rows,
  pg_catalog.ceil(overdue.dead_at)::bigint as dead_rows_at,
  overdue.xid_age,
  overdue.xid_age_at::bigint as xid_age_at,
  overdue.multixact_age,
  overdue.multixact_age_at::bigint as multixact_age_at,
  overdue.relpages * pg_catalog.current_setting('block_size')::float8 as size_bytes,
  extract(
    epoch from pg_catalog.clock_timestamp() - greatest(
      pg_catalog.pg_stat_get_last_vacuum_time(overdue.oid),
      pg_catalog.pg_stat_get_last_autovacuum_time(overdue.oid)
    )
  )::float8 as last_vacuum_seconds,
  not overdue.is_enabled as is_autovacuum_off,
  vacuum.pid as vacuum_pid,
  vacuum.phase as vacuum_phase,
  array(
    select distinct lock.pid
    from pg_catalog.pg_locks as lock
    where lock.relation = overdue.table_oid
      and lock.database = (
        select database.oid
        from pg_catalog.pg_database as database
        where database.datname = pg_catalog.current_database()
      )
      and lock.granted
      and lock.mode in (
        'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'
      )
      and lock.pid is distinct from vacuum.pid
  ) as locked_by,
  case when vacuum.pid is null then pg_catalog.format('vacuum %s', overdue.name) end as remedy
from overdue
left join pg_catalog.pg_stat_progress_vacuum as vacuum
  on vacuum.relid = overdue.oid
  and vacuum.datname = pg_catalog.current_database()
order by
  overdue.due desc,
  overdue.name
