-- help: Size of every database on disk.
-- every: 5m
-- timeout: 30s
-- labels: [datname]
-- limit: 5000
-- metrics:
--   pg_database_size_bytes:
--     column: size
--     type: gauge
--     help: "Bytes that the database takes on disk; absent for a database that our role may not measure."

-- The function looks at every file of a database, hence the long interval. It fails for a database that we may
-- neither connect to nor measure as a member of pg_read_all_stats; CASE keeps one such from costing us the others.
select
  datname,
  case
    when pg_catalog.has_database_privilege(oid, 'CONNECT')
      or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
    then pg_catalog.pg_database_size(oid)
  end as size
from pg_catalog.pg_database
-- -2 marks what an interrupted DROP DATABASE left behind: its files may be gone.
where datconnlimit <> -2
order by
  size desc nulls last,
  datname
