-- help: Version of the server in words.
-- every: 60s
-- timeout: 1s
-- labels: [version, short_version]
-- metrics:
--   pg_version_info:
--     column: present
--     type: gauge
--     help: "Always 1; the labels hold the server's version as it names itself and as major.minor."

-- The full text may name a distribution and a beta; the short one is made of the number, which is always there.
select
  pg_catalog.current_setting('server_version') as version,
  num / 10000 || '.' || num % 10000 as short_version,
  1 as present
from (
  select pg_catalog.current_setting('server_version_num')::int as num
) as server
