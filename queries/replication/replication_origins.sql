-- help: Replication origins, of which subscriptions make one each and one more for each table that is copied.
-- every: 5m
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_replication_origins:
--     column: origins
--     type: gauge
--     help: "Replication origins; more than subscriptions need are left over, and max_replication_slots limits them."

-- How far each has come (pg_replication_origin_status) is for superusers; pg_stat_subscription shows it for
-- subscriptions.
select pg_catalog.count(*) as origins
from pg_catalog.pg_replication_origin
