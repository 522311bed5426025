-- help: Whether clients protect their authorization codes by PKCE.
-- every: 60s
-- timeout: 2s
-- scope: database
-- over: [codes]
-- needs: {max_pages: 8000}
-- labels: [method]
-- metrics:
--   oauth2_authorization_codes_pkce:
--     column: codes
--     type: gauge
--     help: "Authorization codes of the last hour by the PKCE method that is stored with them."

with counted as (
  select
    pkce as method,
    pg_catalog.count(*) as codes
  from :codes as code
  where coalesce(issued, expires) > pg_catalog.now() - interval '1 hour'
  group by pkce
)
select
  method,
  coalesce(counted.codes, 0) as codes
from pg_catalog.unnest('{S256,plain,none,other}'::text[]) as method
left join counted
  using (method)
where :codes_has_pkce
