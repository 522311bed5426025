-- help: Temporary files that queries have on disk at the moment.
-- every: 60s
-- timeout: 2s
-- labels: [spcname]
-- metrics:
--   pg_temporary_files:
--     column: files
--     type: gauge
--     help: "Temporary files of running queries in the tablespace; sorts and hashes that work_mem does not hold make them."
--   pg_temporary_files_size_bytes:
--     column: size
--     type: gauge
--     help: "Bytes of the temporary files that running queries have in the tablespace; temp_file_limit bounds one session's."

-- The counts since the last reset are pg_stat_database_temp_*. Files of parallel queries lie in folders of their own,
-- which the function does not enter: they are not counted.
select
  t.spcname,
  pg_catalog.count(f.name) as files,
  coalesce(pg_catalog.sum(f.size), 0)::bigint as size
from pg_catalog.pg_tablespace as t
left join pg_catalog.pg_ls_tmpdir(t.oid) as f
  on true
where t.spcname <> 'pg_global'
group by t.spcname
order by
  size desc,
  t.spcname
