-- help: Databases whose collation is no longer that of the operating system.
-- every: 15m
-- timeout: 2s
-- needs: {version: 15}
-- labels: [datname]
-- limit: 5000
-- metrics:
--   pg_database_collation_changed:
--     column: is_changed
--     type: gauge
--     help: "1 when the collation's version is not the one that the database was made with: indexes on text may be wrong."

-- An update of the C library or of ICU changes the order of texts, and an index in the old order misses rows.
-- A collation without versions, such as C, cannot change: no sample.
select
  datname,
  (datcollversion <> pg_catalog.pg_database_collation_actual_version(oid))::int as is_changed
from pg_catalog.pg_database
where datconnlimit <> -2
  and datallowconn
  and datcollversion is not null
order by
  is_changed desc nulls last,
  datname
