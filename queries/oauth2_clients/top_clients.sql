-- help: The clients with most live tokens, by their public names.
-- every: 5m
-- timeout: 10s
-- scope: database
-- over: [tokens, clients]
-- needs: {max_pages: 8000}
-- labels: [client_id]
-- limit: 100
-- derive: top_clients
-- metrics:
--   oauth2_client_tokens:
--     column: tokens
--     type: gauge
--     help: "Active tokens of the clients that hold most; _other are all the rest."

with live as (
  select
    client,
    pg_catalog.count(*) as tokens
  from :tokens as token
  where not revoked
    and not used
    and (expires is null or expires > pg_catalog.now())
  group by client
),
ranked as (
  select
    coalesce(client.label, live.client) as client_id,
    live.tokens,
    pg_catalog.row_number() over (order by live.client is null, live.tokens desc, live.client) as place
  from live
  left join :clients as client
    on client.id = live.client
)
-- The rest is what stands in rows without a name; one says that clients can be told at all.
select
  case when place <= 5000 then client_id end as client_id,
  pg_catalog.sum(tokens)::bigint as tokens
from ranked
where :tokens_has_client
group by 1
union all
select
  null,
  0
where :tokens_has_client
