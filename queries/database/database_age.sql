-- help: Age of the oldest unfrozen transaction and multixact of every database, also as a share of the limits.
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
--   pg_database_xid_freeze_ratio:
--     column: xid_freeze
--     type: gauge
--     help: "Share of autovacuum_freeze_max_age that pg_database_xid_age is; vacuum is forced from 1 on, and fails far above."
--   pg_database_mxid_freeze_ratio:
--     column: mxid_freeze
--     type: gauge
--     help: "Share of autovacuum_multixact_freeze_max_age that pg_database_mxid_age is; vacuum is forced from 1 on."
--   pg_database_xid_stop_ratio:
--     column: xid_stop
--     type: gauge
--     help: "Share that pg_database_xid_age is of the age at which the server refuses to write; worrying from 0.5 on."
--   pg_database_mxid_stop_ratio:
--     column: mxid_stop
--     type: gauge
--     help: "Share that pg_database_mxid_age is of the age at which the server creates no more multixacts."

-- Every database counts, also template0 and others that allow no connections: the oldest holds back the server.
-- Only one that an interrupted DROP DATABASE left behind (-2) is of no concern to vacuum.
-- The server stops 3,000,000 before the numbers wrap around, at 2^31 - 1 from the oldest (src/backend/access/transam,
-- varsup.c and multixact.c, since 14; 13 goes on for 2,000,000 more).
with aged as (
  select
    datname,
    pg_catalog.age(datfrozenxid) as xid_age,
    pg_catalog.mxid_age(datminmxid) as mxid_age
  from pg_catalog.pg_database
  where datconnlimit <> -2
)
select
  datname,
  xid_age,
  mxid_age,
  xid_age / pg_catalog.current_setting('autovacuum_freeze_max_age')::float8 as xid_freeze,
  mxid_age / pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::float8 as mxid_freeze,
  xid_age / 2144483647::float8 as xid_stop,
  mxid_age / 2144483647::float8 as mxid_stop
from aged
order by
  xid_age desc,
  datname
