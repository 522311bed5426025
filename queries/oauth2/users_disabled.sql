-- help: Disabled users who can go on, because their tokens were not revoked.
-- every: 5m
-- timeout: 5s
-- scope: database
-- over: [users, tokens]
-- shows: [users.enabled]
-- needs: {max_pages: 8000}
-- labels: []
-- metrics:
--   oauth2_disabled_users_with_live_tokens:
--     column: users
--     type: gauge
--     help: "Disabled users for whom the store still holds an active token."

with holder as (
  select user_id
  from :tokens as token
  where not revoked
    and not used
    and (expires is null or expires > pg_catalog.now())
)
select pg_catalog.count(*) as users
from :users as account
where not enabled
  and exists (
    select
    from holder
    where holder.user_id = account.id
  )
having :users_has_enabled
  and :tokens_has_user_id
