-- help: Clients that could be removed, as far as the tokens in the store can tell.
-- every: 15m
-- timeout: 10s
-- scope: database
-- over: [clients, tokens]
-- needs: {max_pages: 8000}
-- labels: []
-- metrics:
--   oauth2_clients_idle:
--     column: idle
--     type: gauge
--     help: "Enabled clients older than 90 days for which no token in the store was issued within 90 days."
--   oauth2_clients_idle_reach_seconds:
--     column: reach
--     type: gauge
--     help: "Seconds that the tokens in the store go back, up to 90 days, and with them what idle can mean."

-- A cleanup that deletes tokens after a week leaves nothing to see of a client that was used a month ago: then the
-- reach says so.
with issuance as (
  select
    client,
    pg_catalog.min(issued) as first_issued
  from :tokens_issued_within_90d as token
  group by client
)
select
  (
    select pg_catalog.count(*)
    from :clients as client
    where enabled
      and coalesce(created <= pg_catalog.now() - interval '90 days', true)
      and not exists (
        select
        from issuance
        where issuance.client = client.id
      )
  ) as idle,
  (
    select greatest(0, extract(epoch from pg_catalog.now() - pg_catalog.min(first_issued)))::float8
    from issuance
  ) as reach
where :tokens_has_issued
  and :tokens_has_client
