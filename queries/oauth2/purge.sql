-- help: What the cleanup should have deleted and did not.
-- every: 5m
-- timeout: 5s
-- scope: database
-- over_any: [tokens, codes, sessions]
-- needs: {max_pages: 8000}
-- labels: [entity]
-- metrics:
--   oauth2_purge_overdue_rows:
--     column: overdue
--     type: gauge
--     help: "Rows that are past their expiry by more than the retention, and should be gone."
--   oauth2_purge_oldest_seconds:
--     column: oldest
--     type: gauge
--     help: "Seconds by which the oldest row is past its retention, 0 when none is."
--   oauth2_dead_weight_ratio:
--     column: dead_ratio
--     type: gauge
--     help: "Share of the rows that are neither active nor within their retention; absent for an empty table."

-- A row is due a retention after it expires, as cleanups have it, also when it was revoked before; one that never
-- expires, after its revocation.
with stored as (
  select
    'tokens' as entity,
    revoked or used or coalesce(expires <= pg_catalog.now(), false) as inactive,
    coalesce(expires, case when revoked then revoked_at end) + :tokens_retention as due
  from :tokens as token
  union all
  select
    'codes',
    used or coalesce(expires <= pg_catalog.now(), false),
    expires + :codes_retention
  from :codes as code
  union all
  select
    'sessions',
    coalesce(expires <= pg_catalog.now(), false),
    expires + :sessions_retention
  from :sessions as session
),
counted as (
  select
    entity,
    pg_catalog.count(*) as entries,
    pg_catalog.count(*) filter (where due <= pg_catalog.now()) as overdue,
    pg_catalog.min(due) filter (where pg_catalog.isfinite(due)) as oldest_due,
    pg_catalog.count(*) filter (where inactive and coalesce(due <= pg_catalog.now(), true)) as dead
  from stored
  group by entity
),
expected as (
  select entity
  from (
    values
      ('tokens', :tokens_has_expires),
      ('codes', :codes_has_expires),
      ('sessions', :sessions_has_expires)
  ) as entity (entity, present)
  where present
)
select
  entity,
  coalesce(counted.overdue, 0) as overdue,
  greatest(0, extract(epoch from pg_catalog.now() - counted.oldest_due))::float8 as oldest,
  counted.dead / counted.entries::float8 as dead_ratio
from expected
left join counted
  using (entity)
