with live as (
  select
    client,
    count(*) as tokens
  from :tokens as token
  where not revoked
    and not used
    and (expires is null or expires > now())
  group by client
),
ranked as (
  select
    coalesce(client.label, live.client) as client_id,
    live.tokens,
    row_number() over (order by live.client is null, live.tokens desc, live.client) as place
  from live
  left join :clients as client
    on client.id = live.client
)
select
  case when place <= 5000 then client_id end as client_id,
  sum(tokens) as tokens
from ranked
where :tokens_has_client
group by 1
union all
select
  null,
  0
where :tokens_has_client
