-- help: Which servers are copies of each other.
-- every: 60s
-- timeout: 1s
-- labels: [system_identifier]
-- metrics:
--   pg_cluster_info:
--     column: one
--     type: gauge
--     help: "Always 1; a primary and its physical standbys have the identifier in common, and so have restored copies."

select
  system_identifier::text as system_identifier,
  1 as one
from pg_catalog.pg_control_system()
