with issuance as (
  select
    client,
    min(issued) as first_issued
  from :tokens_issued_within_90d as token
  group by client
)
select
  (
    select count(*)
    from :clients as client
    where enabled
      and coalesce(created <= now() - 90 * 86400, true)
      and not exists (
        select 1
        from issuance
        where issuance.client = client.id
      )
  ) as idle,
  (
    select coalesce(max(0.0, now() - min(first_issued)), 0.0)
    from issuance
  ) as reach
where :tokens_has_issued
  and :tokens_has_client
