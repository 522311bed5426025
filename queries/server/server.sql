-- help: Start time, configuration load time, version number and recovery state of the server.
-- every: 60s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_postmaster_start_time_seconds:
--     column: started
--     type: gauge
--     help: "Unix time in seconds at which the server started."
--   pg_config_load_timestamp_seconds:
--     column: config_loaded
--     type: gauge
--     help: "Unix time in seconds at which the server last read its configuration files."
--   pg_in_recovery:
--     column: in_recovery
--     type: gauge
--     help: "1 while the server is a standby or still replays after a crash, 0 when it is a primary."
--   pg_server_version_number:
--     column: version_number
--     type: gauge
--     help: "Version of the server as one number, the major version times 10000 plus the minor version."

select
  extract(epoch from pg_catalog.pg_postmaster_start_time())::float8 as started,
  extract(epoch from pg_catalog.pg_conf_load_time())::float8 as config_loaded,
  pg_catalog.pg_is_in_recovery()::int as in_recovery,
  pg_catalog.current_setting('server_version_num')::int as version_number
