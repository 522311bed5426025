-- help: Settings changed in the configuration files that wait for a restart.
-- every: 5m
-- timeout: 2s
-- labels: []
-- metrics:
--   pg_settings_pending_restart:
--     column: settings
--     type: gauge
--     help: "Settings changed in the configuration files that a restart would bring into effect."

-- What the server's command line sets (docker run postgres -c ...) wins over the files after a restart as well. The
-- server calls such a setting pending for ever when the files say something else. It also goes on calling one pending
-- that was changed and then removed from the files, until it restarts: that one is counted, we cannot tell it apart.
select pg_catalog.count(*) as settings
from pg_catalog.pg_settings
where pending_restart
  and source <> 'command line'
