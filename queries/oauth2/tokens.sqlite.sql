with counted as (
  select
    kind,
    case
      when revoked then 'revoked'
      when used then 'used'
      when expires <= now() then 'expired'
      else 'active'
    end as state,
    count(*) as tokens
  from :tokens as token
  group by
    kind,
    2
),
expected (kind, state) as (
  select
    kind.value,
    state.value
  from json_each(:tokens_kinds) as kind
  cross join json_each('["active", "expired"]') as state
  union
  select
    value,
    'revoked'
  from json_each(:tokens_kinds_with_revoked)
  union
  select
    value,
    'used'
  from json_each(:tokens_kinds_with_used)
  union
  select
    kind,
    state
  from counted
)
select
  expected.kind,
  expected.state,
  coalesce(counted.tokens, 0) as tokens,
  0 as half_width
from expected
left join counted
  on counted.kind = expected.kind
  and counted.state = expected.state
order by
  expected.kind,
  expected.state
