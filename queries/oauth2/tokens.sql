-- help: Tokens in the store by kind and state, by a full count of a table that is small enough for it.
-- every: 60s
-- timeout: 2s
-- scope: database
-- needs: {relation: public.tokens, columns: [token_type, expires_at, revoked_at], max_pages: 8000}
-- labels: [kind, state]
-- metrics:
--   oauth2_tokens:
--     column: tokens
--     type: gauge
--     help: "Tokens in the store by kind and by state, where a revoked token counts as revoked even after it expired."

-- expires_at and revoked_at carry no time zone and hold UTC: now() is made one of them, whatever this session's or
-- the server's time zone is. `now() < expires_at` alone would be off by hours.
with written as (
  -- The one pass over the table. Types are told apart as they are written, because lower() of every row costs as
  -- much as all the rest.
  select
    token_type,
    case
      when revoked_at is not null then 'revoked'
      when expires_at <= pg_catalog.now() at time zone 'UTC' then 'expired'
      else 'active'
    end as state,
    pg_catalog.count(*) as tokens
  from public.tokens
  group by
    token_type,
    2
),
counted as (
  select
    case
      when pg_catalog.lower(token_type) in ('access', 'access_token', 'bearer') then 'access'
      when pg_catalog.lower(token_type) in ('refresh', 'refresh_token') then 'refresh'
      else 'other'
    end as kind,
    state,
    pg_catalog.sum(tokens)::bigint as tokens
  from written
  group by
    1,
    state
),
-- A state that no token is in is 0, not absent. Other kinds are shown only where there are some.
expected as (
  select
    kind,
    state
  from pg_catalog.unnest('{access,refresh}'::text[]) as kind
  cross join pg_catalog.unnest('{active,expired,revoked}'::text[]) as state
)
select
  kind,
  state,
  coalesce(counted.tokens, 0) as tokens
from expected
full join counted
  using (kind, state)
order by
  kind,
  state
