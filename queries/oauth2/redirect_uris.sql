-- help: Redirect URIs by what is wrong with them.
-- every: 15m
-- timeout: 2s
-- scope: database
-- over: [clients]
-- needs: {max_pages: 8000}
-- labels: [risk]
-- metrics:
--   oauth2_redirect_uris:
--     column: uris
--     type: gauge
--     help: "Redirect URIs of clients by risk: wildcard holds a *, http is not encrypted and leaves the machine."

-- Loopback is compared as a whole host: http://localhost.example.com and http://localhost@example.com are elsewhere.
with counted as (
  select
    case
      when uri like '%*%' then 'wildcard'
      when uri ~* '^\s*http://' and uri !~* '^\s*http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]*)?([/?#\s]|$)' then 'http'
      else 'none'
    end as risk,
    pg_catalog.count(*) as uris
  from :clients as client
  cross join pg_catalog.unnest(client.redirect_uris) as uri
  group by 1
)
select
  risk,
  coalesce(counted.uris, 0) as uris
from pg_catalog.unnest('{http,wildcard,none}'::text[]) as risk
left join counted
  using (risk)
where :clients_has_redirect_uris
