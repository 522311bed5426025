-- help: Schema migrations by result, and when the last one ran.
-- every: 5m
-- timeout: 1s
-- scope: database
-- over: [migrations]
-- needs: {max_pages: 1000}
-- labels: [state]
-- metrics:
--   oauth2_migrations:
--     column: migrations
--     type: gauge
--     help: "Migrations in the list of the migration tool by result; it keeps only some that failed."
--   oauth2_migration_last_timestamp_seconds:
--     column: last
--     type: gauge
--     help: "When the last migration with this result ran, in seconds since 1970."

with counted as (
  select
    case when success then 'success' else 'failed' end as state,
    pg_catalog.count(*) as migrations,
    pg_catalog.max(installed_on) filter (where pg_catalog.isfinite(installed_on)) as last_installed
  from :migrations as migration
  group by 1
),
expected as (
  select state
  from (
    values
      ('success', true),
      ('failed', :migrations_has_success)
  ) as state (state, shown)
  where shown
)
select
  state,
  coalesce(counted.migrations, 0) as migrations,
  extract(epoch from counted.last_installed)::float8 as last
from expected
full join counted
  using (state)
