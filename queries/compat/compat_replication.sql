-- help: What a server is, as postgres_exporter shows it.
-- every: 15s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_replication_is_replica:
--     column: is_replica
--     type: gauge
--     help: "Indicates if the server is a replica."

select pg_catalog.pg_is_in_recovery()::int as is_replica
