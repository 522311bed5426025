-- help: Tokens by kind and state, counted exactly in one pass.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [tokens]
-- needs: {max_pages: 8000}
-- labels: [kind, state]
-- metrics:
--   oauth2_tokens: {column: tokens, type: gauge, help: "Tokens in the store by kind and state; a revoked token counts as revoked even after it expired."}

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
  group by 1, 2
)
select kind, state, pg_catalog.max(tokens) as tokens
from (
  select kind, state, tokens from counted
  union all
  select k.kind, s.state, 0
  from (values ('access'), ('refresh')) as k (kind)
  cross join (values ('active'), ('expired'), ('revoked')) as s (state)
) as filled
group by 1, 2
