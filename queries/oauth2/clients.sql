-- help: Registered clients by what they may do.
-- every: 5m
-- timeout: 2s
-- scope: database
-- over: [clients]
-- needs: {max_pages: 8000}
-- labels: [grant_type, state]
-- metrics:
--   oauth2_clients:
--     column: clients
--     type: gauge
--     help: "Clients by grant type, each counted in every one that it has; none is a client without any."

with known as (
  select
    stored,
    grant_type
  from (
    values
      ('authorization_code', 'authorization_code'),
      ('client_credentials', 'client_credentials'),
      ('refresh_token', 'refresh_token'),
      ('password', 'password'),
      ('implicit', 'implicit'),
      ('device_code', 'device_code'),
      ('urn:ietf:params:oauth:grant-type:device_code', 'device_code'),
      ('urn:ietf:params:oauth:grant-type:jwt-bearer', 'jwt_bearer'),
      ('urn:ietf:params:oauth:grant-type:saml2-bearer', 'saml2_bearer'),
      ('urn:ietf:params:oauth:grant-type:token-exchange', 'token_exchange'),
      ('urn:openid:params:grant-type:ciba', 'ciba')
  ) as known (stored, grant_type)
),
-- Anybody may register a client with any grant type: labels are those known, and other.
member as (
  select
    client.id,
    client.enabled,
    case when granted is null then 'none' else coalesce(known.grant_type, 'other') end as grant_type
  from :clients as client
  left join pg_catalog.unnest(client.grant_types) as granted
    on true
  left join known
    on known.stored = granted
),
counted as (
  select
    grant_type,
    pg_catalog.count(distinct id) filter (where enabled) as enabled,
    pg_catalog.count(distinct id) filter (where not enabled) as disabled
  from member
  group by grant_type
)
select
  grant_type,
  'enabled' as state,
  enabled as clients
from counted
where :clients_has_grant_types
union all
select
  grant_type,
  'disabled',
  disabled
from counted
where :clients_has_grant_types
  and :clients_has_enabled
