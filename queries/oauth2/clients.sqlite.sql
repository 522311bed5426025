with known (stored, grant_type) as (
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
),
member as (
  select
    client.id,
    client.enabled,
    case when granted.value is null then 'none' else coalesce(known.grant_type, 'other') end as grant_type
  from :clients as client
  left join json_each(client.grant_types) as granted
    on granted.value <> ''
  left join known
    on known.stored = granted.value
),
counted as (
  select
    grant_type,
    count(distinct id) filter (where enabled) as enabled,
    count(distinct id) filter (where not enabled) as disabled
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
