-- help: Extensions of each database, and whether the server has a newer version.
-- every: 30m
-- timeout: 5s
-- scope: database
-- labels: [extname, version]
-- limit: 200
-- metrics:
--   pg_extension_update_available:
--     column: is_outdated
--     type: gauge
--     help: "0 for each extension with its version, 1 when ALTER EXTENSION UPDATE has a newer one, as after pg_upgrade."

select
  e.extname,
  e.extversion as version,
  -- An extension whose files are gone has no default version: no sample would hide it.
  (coalesce(a.default_version, e.extversion) <> e.extversion)::int as is_outdated
from pg_catalog.pg_extension as e
left join pg_catalog.pg_available_extensions() as a
  on a.name = e.extname
order by
  is_outdated desc,
  e.extname
