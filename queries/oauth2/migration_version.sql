-- help: The version of the schema.
-- every: 5m
-- timeout: 1s
-- scope: database
-- over: [migrations]
-- needs: {max_pages: 1000}
-- labels: [version]
-- metrics:
--   oauth2_migration_version_info:
--     column: info
--     type: gauge
--     help: "The newest migration that succeeded and was not undone, as a label; always 1."

with latest as (
  -- What an undo left behind is as good as never installed.
  select distinct on (version)
    version,
    type,
    installed_on
  from :migrations as migration
  where success
    and version <> ''
  order by
    version,
    installed_on desc nulls last
),
-- 10 comes after 9. Versions that are no numbers stand in the order in which they were installed.
numbered as (
  select
    version,
    installed_on,
    case
      when version ~ '^[0-9]+([._][0-9]+)*$'
        then pg_catalog.string_to_array(pg_catalog.replace(version, '_', '.'), '.')::numeric[]
    end as number
  from latest
  where type is null
    or type !~* '^(undo|delete)'
)
select
  version,
  1 as info
from numbered
order by
  number desc nulls last,
  installed_on desc nulls last,
  version desc
limit 1
