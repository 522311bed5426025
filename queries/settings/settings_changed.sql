-- help: Settings that somebody has changed, by where that was done.
-- every: 5m
-- timeout: 2s
-- labels: [source]
-- metrics:
--   pg_settings_changed:
--     column: settings
--     type: gauge
--     help: "Settings that are not what PostgreSQL comes with, by the place that says so; a change shows as a step."

-- What our own session, role or database is given says nothing about the server.
select
  source,
  pg_catalog.count(*) as settings
from pg_catalog.pg_settings
where boot_val is distinct from reset_val
  and source not in ('default', 'override', 'client', 'session', 'user', 'database', 'database user')
group by source
order by source
