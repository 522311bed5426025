-- help: Tokens by kind and state, each in one state; the states sum up to the rows.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [tokens]
-- needs: {max_pages: 8000}
-- counted: true            # larger tables are counted by estimates, with the same columns
-- labels: [kind, state]
-- metrics:
--   oauth2_tokens:
--     column: tokens
--     type: gauge
--     help: "Tokens in the store by kind and state, where revoked goes before used, and both before expired."
--   oauth2_tokens_half_width:
--     column: half_width
--     type: gauge
--     help: "Half the width of the 95 % interval around oauth2_tokens; 0 where every row was counted."

with counted as (
  select
    kind,
    case
      when revoked then 'revoked'
      when used then 'used'
      when expires <= pg_catalog.now() then 'expired'
      else 'active'
    end as state,
    pg_catalog.count(*) as tokens
  from :tokens as token
  group by
    kind,
    2
),
-- A state that no token is in is 0. One that the store does not show, such as revoked where revocation deletes the
-- row, is absent.
expected as (
  select
    kind,
    state
  from pg_catalog.unnest(:tokens_kinds) as kind
  cross join pg_catalog.unnest('{active,expired}'::text[]) as state
  union all
  select
    kind,
    'revoked'
  from pg_catalog.unnest(:tokens_kinds_with_revoked) as kind
  union all
  select
    kind,
    'used'
  from pg_catalog.unnest(:tokens_kinds_with_used) as kind
)
select
  kind,
  state,
  coalesce(counted.tokens, 0) as tokens,
  0 as half_width
from expected
full join counted
  using (kind, state)
order by
  kind,
  state
