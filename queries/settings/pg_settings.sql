-- help: Numeric and boolean settings in base units, those that nobody touches only when somebody did.
-- every: 5m
-- timeout: 2s
-- labels: [name, unit]
-- limit: 1000
-- metrics:
--   pg_settings:
--     column: setting
--     type: gauge
--     help: "Value that new sessions get of a numeric or boolean (1 or 0) setting, in bytes or seconds where the label unit says so."

-- reset_val, not setting: setting is what this very session has, and it has time-outs of its own; it also shows
-- file modes in octal and the TCP keepalives of this connection. Where the value comes from our own role or
-- connection string, reset_val says nothing about the server either: such a row is left out.
with numeric_setting as (
  select
    name,
    unit,
    case vartype
      when 'bool' then (reset_val = 'on')::int::float8
      else reset_val::float8
    end as setting,
    -- Units are written like ms or 8kB.
    pg_catalog.regexp_replace(unit, '^\d+', '') as plain_unit,
    coalesce(pg_catalog.substring(unit, '^\d+')::float8, 1) as multiple
  from pg_catalog.pg_settings
  where vartype in ('bool', 'integer', 'real')
    and source not in ('client', 'user', 'database user')
    -- The state of a session or a transaction, not settings.
    and name not in ('in_hot_standby', 'is_superuser', 'seed', 'transaction_deferrable', 'transaction_read_only')
    -- A third of all settings is for the planner's and the server's developers, or says what a log line holds. Unchanged,
    -- they are series that nobody reads; the set compat has them all.
    and (
      reset_val is distinct from boot_val
      or category !~ '^(Query Tuning|Developer Options|Version and Platform|Error Handling|Statistics / Monitoring)'
      and category !~ '^(Reporting and Logging / (What|Process)|Client Connection Defaults / (Locale|Other))'
      and category not in ('Customized Options', 'Write-Ahead Log / Recovery Target')
    )
)
select
  s.name,
  coalesce(base.unit, s.unit) as unit,
  case
    -- Negative values mean "off" or "automatic", in any unit.
    when s.setting > 0 and base.unit is not null
    -- Divided where the unit is smaller than the base, because 0.001 has no exact binary form.
    then s.setting * s.multiple * base.times / base.parts
    else s.setting
  end as setting
from numeric_setting as s
left join (
  values
    ('B', 'bytes', 1, 1),
    ('kB', 'bytes', 1024, 1),
    ('MB', 'bytes', 1048576, 1),
    ('ms', 'seconds', 1, 1000),
    ('s', 'seconds', 1, 1),
    ('min', 'seconds', 60, 1)
) as base (plain_unit, unit, times, parts)
  on base.plain_unit = s.plain_unit
order by s.name
