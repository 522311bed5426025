-- help: Parallel queries that run at the moment, and their workers.
-- every: 15s
-- timeout: 1s
-- labels: [datname]
-- limit: 4000
-- metrics:
--   pg_stat_activity_parallel_queries:
--     column: queries
--     type: gauge
--     help: "Sessions whose query is helped by parallel workers at the moment."
--   pg_stat_activity_parallel_workers:
--     column: workers
--     type: gauge
--     help: "Parallel workers that run at the moment; max_parallel_workers is what the server has of them."

select
  datname,
  pg_catalog.count(distinct leader_pid) filter (where backend_type = 'parallel worker') as queries,
  pg_catalog.count(*) filter (where backend_type = 'parallel worker') as workers
from pg_catalog.pg_stat_activity
where backend_type in ('client backend', 'parallel worker')
  -- Without it the types of other roles' processes are hidden: no answer is better than a wrong 0.
  and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by datname
order by
  workers desc,
  datname
