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
    max(written) as written
  from ahead
  group by entity
),
expected (entity, present) as (
  values
    ('tokens', :tokens_has_issued),
    ('codes', :codes_has_issued),
    ('users', :users_has_created),
    ('sessions', :sessions_has_created)
)
select
  expected.entity,
  coalesce(max(0.0, newest.written - now()), 0.0) as ahead
from expected
left join newest
  on newest.entity = expected.entity
where present
