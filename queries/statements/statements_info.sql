-- help: Room for statements, and what was lost because it was too small.
-- every: 60s
-- timeout: 2s
-- needs: {version: 14, extension: pg_stat_statements, library: pg_stat_statements}
-- labels: []
-- metrics:
--   pg_stat_statements_dealloc_total:
--     column: dealloc
--     type: counter
--     help: "Times that the least executed statements were thrown out for room; a high rate makes the rest too low."
--   pg_stat_statements_stats_reset_timestamp_seconds:
--     column: stats_reset
--     type: gauge
--     help: "Unix time in seconds at which all statements were last forgotten."
--   pg_stat_statements_entries:
--     column: entries
--     type: gauge
--     help: "Statements that are remembered, by database, role and level."
--   pg_stat_statements_entries_max:
--     column: entries_max
--     type: gauge
--     help: "Statements that there is room for, which is the setting pg_stat_statements.max."

select
  dealloc,
  extract(epoch from stats_reset)::float8 as stats_reset,
  (select pg_catalog.count(*) from :extension_schema.pg_stat_statements(false)) as entries,
  pg_catalog.current_setting('pg_stat_statements.max', true)::bigint as entries_max
from :extension_schema.pg_stat_statements_info
