with holder as (
  select user_id
  from :tokens as token
  where not revoked
    and not used
    and (expires is null or expires > now())
),
counted as (
  select count(*) as users
  from :users as account
  where not enabled
    and exists (
      select 1
      from holder
      where holder.user_id = account.id
    )
)
select users
from counted
where :users_has_enabled
  and :tokens_has_user_id
