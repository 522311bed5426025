-- help: WAL segments that were archived and that could not be; without rows unless this server archives.
-- every: 30s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_stat_archiver_archived_total:
--     column: archived
--     type: counter
--     help: "WAL files that were archived."
--   pg_stat_archiver_failed_total:
--     column: failed
--     type: counter
--     help: "Attempts to archive a WAL file that failed; each is repeated until it succeeds."
--   pg_stat_archiver_failing:
--     column: failing
--     type: gauge
--     help: "1 while the latest attempt to archive is one that failed, and WAL piles up; 0 otherwise."
--   pg_stat_archiver_last_archive_age_seconds:
--     column: last_archive_age
--     type: gauge
--     help: "Seconds since a WAL file was last archived; grows on an idle server, too, unless archive_timeout is set."
--   pg_stat_archiver_last_failure_timestamp_seconds:
--     column: last_failure
--     type: gauge
--     help: "Unix time in seconds at which an attempt to archive last failed."
--   pg_stat_archiver_stats_reset_timestamp_seconds:
--     column: stats_reset
--     type: gauge
--     help: "Unix time in seconds at which these statistics were last reset."

select
  archived_count as archived,
  failed_count as failed,
  (last_failed_time is not null and last_failed_time > coalesce(last_archived_time, '-infinity'))::int4 as failing,
  -- greatest() ignores NULL, and would make 0 of never.
  case
    when last_archived_time is not null
    then greatest(0, extract(epoch from pg_catalog.clock_timestamp() - last_archived_time))::float8
  end as last_archive_age,
  extract(epoch from last_failed_time)::float8 as last_failure,
  extract(epoch from stats_reset)::float8 as stats_reset
from pg_catalog.pg_stat_archiver
-- A standby archives only with "always".
where pg_catalog.current_setting('archive_mode') = 'always'
  or (pg_catalog.current_setting('archive_mode') = 'on' and not pg_catalog.pg_is_in_recovery())
