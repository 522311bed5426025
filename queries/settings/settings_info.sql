-- help: Settings whose value is a word out of a fixed list, such as wal_level.
-- every: 5m
-- timeout: 2s
-- labels: [name, setting]
-- limit: 500
-- metrics:
--   pg_settings_info:
--     column: present
--     type: gauge
--     help: "Always 1; the labels hold the name and the value of a setting with a fixed list of values."

-- Free texts are left out: they may hold a path, a command or a password.
select
  name,
  reset_val as setting,
  1 as present
from pg_catalog.pg_settings
where vartype = 'enum'
  and source not in ('client', 'user', 'database user')
  and name <> 'transaction_isolation'
order by name
