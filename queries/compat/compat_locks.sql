-- help: Locks as postgres_exporter counts them.
-- every: 15s
-- timeout: 1s
-- labels: [datname, mode]
-- limit: 2000
-- metrics:
--   pg_locks_count:
--     column: locks
--     type: gauge
--     help: "Number of locks of that mode in the database; locks of no database are left out."

with lock as materialized (
  select
    database,
    pg_catalog.lower(mode) as mode,
    pg_catalog.count(*) as locks
  from pg_catalog.pg_locks
  where database is not null
  group by
    database,
    pg_catalog.lower(mode)
)
select
  d.datname,
  m.mode,
  coalesce(l.locks, 0) as locks
from pg_catalog.pg_database as d
cross join (
  values
    ('accesssharelock'),
    ('rowsharelock'),
    ('rowexclusivelock'),
    ('shareupdateexclusivelock'),
    ('sharelock'),
    ('sharerowexclusivelock'),
    ('exclusivelock'),
    ('accessexclusivelock'),
    ('sireadlock')
) as m (mode)
left join lock as l
  on l.database = d.oid
  and l.mode = m.mode
order by
  locks desc,
  d.datname,
  m.mode
