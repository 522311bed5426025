with stored as (
  select
    'tokens' as entity,
    revoked or used or coalesce(expires <= now(), false) as inactive,
    coalesce(expires, case when revoked then revoked_at end) + :tokens_retention as due
  from :tokens as token
  union all
  select
    'codes',
    used or coalesce(expires <= now(), false),
    expires + :codes_retention
  from :codes as code
  union all
  select
    'sessions',
    coalesce(expires <= now(), false),
    expires + :sessions_retention
  from :sessions as session
),
counted as (
  select
    entity,
    count(*) as entries,
    count(*) filter (where due <= now()) as overdue,
    min(due) as oldest_due,
    count(*) filter (where inactive and coalesce(due <= now(), true)) as dead
  from stored
  group by entity
),
expected (entity, present) as (
  values
    ('tokens', :tokens_has_expires),
    ('codes', :codes_has_expires),
    ('sessions', :sessions_has_expires)
)
select
  expected.entity,
  coalesce(counted.overdue, 0) as overdue,
  coalesce(max(0.0, now() - counted.oldest_due), 0.0) as oldest,
  counted.dead * 1.0 / counted.entries as dead_ratio
from expected
left join counted
  on counted.entity = expected.entity
where present
