-- help: The version as postgres_exporter shows it.
-- every: 5m
-- timeout: 1s
-- labels: [version, short_version]
-- metrics:
--   pg_static:
--     column: one
--     type: gauge
--     help: "Version string as reported by postgres."

select
  pg_catalog.version() as version,
  number / 10000 || '.' || number % 10000 || '.0' as short_version,
  1 as one
from (
  select pg_catalog.current_setting('server_version_num')::int as number
) as server
