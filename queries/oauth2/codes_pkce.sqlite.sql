with counted as (
  select
    pkce as method,
    count(*) as codes
  from :codes as code
  where coalesce(issued, expires) > now() - 3600
  group by pkce
)
select
  known.value as method,
  coalesce(counted.codes, 0) as codes
from json_each('["S256", "plain", "none", "other"]') as known
left join counted
  on counted.method = known.value
where :codes_has_pkce
