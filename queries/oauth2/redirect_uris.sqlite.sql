with listed as (
  select
    uri.value as uri,
    lower(ltrim(uri.value, ' ' || char(9, 10, 11, 12, 13))) as plain
  from :clients as client
  inner join json_each(client.redirect_uris) as uri
    on uri.value <> ''
),
-- What follows a loopback host, when a URI begins with one, and then what follows its port.
behind as (
  select
    uri,
    plain,
    case
      when plain like 'http://localhost%' then substr(plain, 17)
      when plain like 'http://127.0.0.1%' then substr(plain, 17)
      when plain like 'http://[::1]%' then substr(plain, 13)
    end as rest
  from listed
),
judged as (
  select
    uri,
    plain,
    case when rest like ':%' then ltrim(substr(rest, 2), '0123456789') else rest end as rest
  from behind
),
counted as (
  select
    case
      when uri like '%*%' then 'wildcard'
      when plain like 'http://%'
        and coalesce(rest <> '' and instr('/?# ' || char(9, 10, 11, 12, 13), substr(rest, 1, 1)) = 0, true) then 'http'
      else 'none'
    end as risk,
    count(*) as uris
  from judged
  group by 1
)
select
  known.value as risk,
  coalesce(counted.uris, 0) as uris
from json_each('["http", "wildcard", "none"]') as known
left join counted
  on counted.risk = known.value
where :clients_has_redirect_uris
