-- help: Standbys that commits wait for, wanted and there.
-- every: 30s
-- timeout: 1s
-- on: primary
-- labels: []
-- metrics:
--   pg_synchronous_standbys_wanted:
--     column: wanted
--     type: gauge
--     help: "Standbys that a commit waits for by synchronous_standby_names, 0 when it waits for none."
--   pg_synchronous_standbys_connected:
--     column: connected
--     type: gauge
--     help: "Streaming standbys that count for them; with fewer than are wanted, commits hang."

-- The setting is a list of names (then one is wanted), or a number before a list in parentheses. In a quorum (ANY)
-- all of the list count, so that more may be connected than are wanted.
select
  case
    when names ~ '^\s*$' then 0
    else coalesce((pg_catalog.regexp_match(names, '^\s*(?:(?:first|any)\s*)?(\d+)\s*\(', 'i'))[1]::int4, 1)
  end as wanted,
  case
    when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then (
      select pg_catalog.count(*)
      from pg_catalog.pg_stat_replication
      where sync_state in ('quorum', 'sync')
        and state = 'streaming'
    )
  end as connected
from (
  select pg_catalog.current_setting('synchronous_standby_names') as names
) as setting
