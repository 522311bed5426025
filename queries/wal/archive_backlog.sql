-- help: WAL files that wait for being archived; without rows unless this server archives.
-- every: 60s
-- timeout: 5s
-- labels: []
-- metrics:
--   pg_archiver_backlog_segments:
--     column: segments
--     type: gauge
--     help: "WAL files that wait for being archived; they stay on disk until they are."
--   pg_archiver_backlog_age_seconds:
--     column: age
--     type: gauge
--     help: "Seconds for which the oldest of them has waited, so much is lost with the disk; 0 when none waits."

-- Lists a directory that holds a file for each WAL segment.
with waiting as (
  select
    pg_catalog.count(*) as segments,
    pg_catalog.min(modification) as oldest
  from pg_catalog.pg_ls_archive_statusdir()
  where name like '%.ready'
)
select
  segments,
  case
    when segments = 0 then 0
    else greatest(0, extract(epoch from pg_catalog.clock_timestamp() - oldest))
  end::float8 as age
from waiting
where pg_catalog.current_setting('archive_mode') = 'always'
  or (pg_catalog.current_setting('archive_mode') = 'on' and not pg_catalog.pg_is_in_recovery())
