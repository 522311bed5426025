-- help: Errors of subscriptions (PostgreSQL 15 and later), and conflicts of what they apply with what is there (18).
-- every: 60s
-- timeout: 1s
-- on: primary
-- needs: {version: 15}
-- labels: [datname, subname]
-- limit: 2000
-- metrics:
--   pg_stat_subscription_apply_errors_total:
--     column: apply_errors
--     type: counter
--     help: "Errors while changes were applied; the same one repeats until somebody resolves it."
--   pg_stat_subscription_sync_errors_total:
--     column: sync_errors
--     type: counter
--     help: "Errors while tables were copied for the first time."
--   pg_stat_subscription_conflicts_insert_exists_total:
--     column: insert_exists
--     type: counter
--     help: "Rows to insert whose key was there already (PostgreSQL 18)."
--   pg_stat_subscription_conflicts_update_origin_differs_total:
--     column: update_origin_differs
--     type: counter
--     help: "Rows to update that somebody else had changed last (PostgreSQL 18)."
--   pg_stat_subscription_conflicts_update_exists_total:
--     column: update_exists
--     type: counter
--     help: "Rows to update whose new key was there already (PostgreSQL 18)."
--   pg_stat_subscription_conflicts_update_missing_total:
--     column: update_missing
--     type: counter
--     help: "Rows to update that were not there (PostgreSQL 18)."
--   pg_stat_subscription_conflicts_delete_origin_differs_total:
--     column: delete_origin_differs
--     type: counter
--     help: "Rows to delete that somebody else had changed last (PostgreSQL 18)."
--   pg_stat_subscription_conflicts_delete_missing_total:
--     column: delete_missing
--     type: counter
--     help: "Rows to delete that were not there (PostgreSQL 18)."
--   pg_stat_subscription_conflicts_multiple_unique_total:
--     column: multiple_unique
--     type: counter
--     help: "Rows that broke several unique constraints at once (PostgreSQL 18)."
--   pg_stat_subscription_stats_reset_timestamp_seconds:
--     column: stats_reset
--     type: gauge
--     help: "Unix time in seconds at which these statistics were last reset; absent when they never were."

-- Conflicts came with 18; read as JSON, where a column that is not there is NULL.
select
  d.datname,
  stats.subname,
  stats.apply_error_count as apply_errors,
  stats.sync_error_count as sync_errors,
  (stats.more ->> 'confl_insert_exists')::int8 as insert_exists,
  (stats.more ->> 'confl_update_origin_differs')::int8 as update_origin_differs,
  (stats.more ->> 'confl_update_exists')::int8 as update_exists,
  (stats.more ->> 'confl_update_missing')::int8 as update_missing,
  (stats.more ->> 'confl_delete_origin_differs')::int8 as delete_origin_differs,
  (stats.more ->> 'confl_delete_missing')::int8 as delete_missing,
  (stats.more ->> 'confl_multiple_unique_conflicts')::int8 as multiple_unique,
  extract(epoch from stats.stats_reset)::float8 as stats_reset
from (
  select
    s.*,
    pg_catalog.to_jsonb(s) as more
  from pg_catalog.pg_stat_subscription_stats as s
) as stats
join pg_catalog.pg_subscription as s
  on s.oid = stats.subid
join pg_catalog.pg_database as d
  on d.oid = s.subdbid
order by
  d.datname,
  stats.subname
