with counted as (
  select
    count(*) filter (where enabled) as enabled,
    count(*) filter (where not enabled) as disabled
  from :clients as client
)
select
  'enabled' as state,
  enabled as clients
from counted
union all
select
  'disabled',
  disabled
from counted
where :clients_has_enabled
