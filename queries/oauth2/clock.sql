-- help: Rows from the future, which say that the clock or the time zone of a writer is off.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over_any: [tokens, codes, users, sessions]
-- needs: {max_pages: 8000}
-- labels: [entity]
-- metrics:
--   oauth2_newest_row_ahead_seconds:
--     column: ahead
--     type: gauge
--     help: "Seconds by which the newest row is ahead of the server's clock, 0 when none is."

with ahead as (
  select
    'tokens' as entity,
    issued as written
  from :tokens_issued_within_0s as token
  union all
  select
    'codes',
    issued
  from :codes_issued_within_0s as code
  union all
  select
    'users',
    created
  from :users_created_within_0s as account
  union all
  select
    'sessions',
    created
  from :sessions_created_within_0s as session
),
newest as (
  select
    entity,
    pg_catalog.max(written) as written
  from ahead
  where pg_catalog.isfinite(written)
  group by entity
),
expected as (
  select entity
  from (
    values
      ('tokens', :tokens_has_issued),
      ('codes', :codes_has_issued),
      ('users', :users_has_created),
      ('sessions', :sessions_has_created)
  ) as entity (entity, present)
  where present
)
select
  entity,
  greatest(0, extract(epoch from newest.written - pg_catalog.now()))::float8 as ahead
from expected
left join newest
  using (entity)
