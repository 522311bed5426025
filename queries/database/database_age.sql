-- help: Age of the oldest unfrozen transaction and multixact of every database.
-- every: 60s
-- timeout: 1s
-- labels: [datname]
-- limit: 10000
-- metrics:
--   pg_database_xid_age:
--     column: xid_age
--     type: gauge
--     help: "Transactions since the oldest one that the database has not frozen; the server stops writes near 2^31."
--   pg_database_mxid_age:
--     column: mxid_age
--     type: gauge
--     help: "Multixacts since the oldest one that the database may still hold; the server stops creating them near 2^31."

-- Every database counts, also template0 and others that allow no connections: the oldest holds back the server.
-- Only one that an interrupted DROP DATABASE left behind (-2) is of no concern to vacuum.
select
  datname,
  pg_catalog.age(datfrozenxid) as xid_age,
  pg_catalog.mxid_age(datminmxid) as mxid_age
from pg_catalog.pg_database
where datconnlimit <> -2
order by
  xid_age desc,
  datname
