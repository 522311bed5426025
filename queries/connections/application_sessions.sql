-- help: Client sessions of the applications that have most, and of all others in sum.
-- every: 15s
-- timeout: 1s
-- labels: [application_name]
-- limit: 63
-- rest: true
-- metrics:
--   pg_application_sessions:
--     column: sessions
--     type: gauge
--     help: "Client sessions of the application; those of all that are not among the largest are _other."
--   pg_application_active_sessions:
--     column: active
--     type: gauge
--     help: "Client sessions of the application that run a query."
--   pg_application_idle_in_transaction_sessions:
--     column: idle_in_transaction
--     type: gauge
--     help: "Client sessions of the application that have a transaction open and do nothing."

-- Three families, so the limit makes 20 applications and the rest. They keep their places for as long as these are not
-- needed, so that two of a size do not take turns.
select
  application_name,
  pg_catalog.count(*) as sessions,
  pg_catalog.count(*) filter (where state in ('active', 'fastpath function call')) as active,
  pg_catalog.count(*) filter (
    where state in ('idle in transaction', 'idle in transaction (aborted)')
  ) as idle_in_transaction
from pg_catalog.pg_stat_activity
where backend_type = 'client backend'
  and pid <> pg_catalog.pg_backend_pid()
  -- Without it states and types of other roles' sessions are hidden: no answer is better than a wrong 0.
  and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by application_name
order by
  sessions desc,
  application_name
