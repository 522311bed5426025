-- help: Settings that give up durability or integrity, of the server or of a database or role.
-- every: 5m
-- timeout: 2s
-- labels: [name, datname, rolname]
-- limit: 100
-- metrics:
--   pg_settings_weak:
--     column: is_weak
--     type: gauge
--     help: "1 for each setting that risks data or hides its loss; without database and role it is the server's."

-- ALTER ROLE and ALTER DATABASE leave no trace in pg_settings of other sessions.
with weak as (
  select
    name,
    value
  from (
    values
      ('allow_system_table_mods', 'on'),
      ('autovacuum', 'off'),
      ('fsync', 'off'),
      ('full_page_writes', 'off'),
      ('ignore_checksum_failure', 'on'),
      ('ignore_invalid_pages', 'on'),
      ('log_statement', 'none'),
      ('session_replication_role', 'replica'), -- neither triggers nor foreign keys
      ('synchronous_commit', 'off'),
      ('track_counts', 'off'), -- autovacuum is blind
      ('zero_damaged_pages', 'on')
  ) as listed (name, value)
),
given as (
  select
    name,
    reset_val as value,
    null::name as datname,
    null::name as rolname
  from pg_catalog.pg_settings
  where source not in ('client', 'session', 'user', 'database', 'database user')
    -- For the server it is the default and a choice; for one role or database it takes evidence away.
    and name <> 'log_statement'
  union all
  select
    pg_catalog.split_part(pair, '=', 1),
    -- As it was written, which may be in capitals.
    pg_catalog.lower(pg_catalog.split_part(pair, '=', 2)),
    d.datname,
    r.rolname
  from pg_catalog.pg_db_role_setting as s
  cross join pg_catalog.unnest(s.setconfig) as pair
  left join pg_catalog.pg_database as d
    on d.oid = s.setdatabase
  left join pg_catalog.pg_roles as r
    on r.oid = s.setrole
)
select
  g.name,
  g.datname,
  g.rolname,
  1 as is_weak
from given as g
join weak as w
  on w.name = g.name
  and g.value = any (
    case w.value
      when 'on' then array['on', 'true', 'yes', '1', 't', 'y']
      when 'off' then array['off', 'false', 'no', '0', 'f', 'n']
      else array[w.value]
    end
  )
order by
  g.datname nulls first,
  g.rolname nulls first,
  g.name
