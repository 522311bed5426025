-- help: How many transactions, idle transactions and queries have been going on for longer than some seconds.
-- every: 15s
-- timeout: 1s
-- labels: [datname, usename, longer_than]
-- limit: 3000
-- metrics:
--   pg_stat_activity_long_transactions:
--     column: transactions
--     type: gauge
--     help: "Client sessions whose transaction began more than longer_than seconds ago; they hold back vacuum."
--   pg_stat_activity_long_idle_in_transaction:
--     column: idle_in_transaction
--     type: gauge
--     help: "Client sessions idle in an open transaction for more than longer_than seconds: an application forgot to end it."
--   pg_stat_activity_long_queries:
--     column: queries
--     type: gauge
--     help: "Client sessions whose running query began more than longer_than seconds ago."

-- The thresholds are those that people alert on; each counts what the longer ones count, too.
select
  a.datname,
  a.usename,
  threshold.seconds::text as longer_than,
  pg_catalog.count(*) filter (
    where pg_catalog.clock_timestamp() - a.xact_start > threshold.age
  ) as transactions,
  pg_catalog.count(*) filter (
    where a.state in ('idle in transaction', 'idle in transaction (aborted)')
      and pg_catalog.clock_timestamp() - a.state_change > threshold.age
  ) as idle_in_transaction,
  pg_catalog.count(*) filter (
    where a.state in ('active', 'fastpath function call')
      and pg_catalog.clock_timestamp() - a.query_start > threshold.age
  ) as queries
from pg_catalog.pg_stat_activity as a
cross join (
  values
    (10, interval '10 seconds'),
    (60, interval '1 minute'),
    (300, interval '5 minutes'),
    (3600, interval '1 hour')
) as threshold (seconds, age)
where a.backend_type = 'client backend'
  and a.pid <> pg_catalog.pg_backend_pid()
  -- Without it other roles' times are hidden: no answer is better than a wrong 0.
  and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by
  a.datname,
  a.usename,
  threshold.seconds
order by
  transactions desc,
  a.datname,
  a.usename,
  threshold.seconds
