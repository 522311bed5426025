-- help: Age of the oldest transaction, idle transaction and running query, by database, role and type of process.
-- every: 15s
-- timeout: 1s
-- labels: [datname, usename, backend_type]
-- limit: 3000
-- metrics:
--   pg_stat_activity_oldest_transaction_age_seconds:
--     column: transaction_age
--     type: gauge
--     help: "Seconds since the oldest open transaction began, 0 when the sessions have none open."
--   pg_stat_activity_oldest_idle_in_transaction_age_seconds:
--     column: idle_in_transaction_age
--     type: gauge
--     help: "Seconds for which a client session has been idle in an open transaction, the longest; 0 when none is."
--   pg_stat_activity_oldest_query_age_seconds:
--     column: query_age
--     type: gauge
--     help: "Seconds since the oldest running query of a client session began, 0 when none runs."

with session as (
  select
    datname,
    usename,
    backend_type,
    state,
    -- clock_timestamp(), because a transaction may have begun after this statement did; greatest(), because clocks
    -- are set back, and because it ignores NULL: what has not begun is 0 old.
    greatest(0, extract(epoch from pg_catalog.clock_timestamp() - xact_start))::float8 as transaction_age,
    greatest(0, extract(epoch from pg_catalog.clock_timestamp() - state_change))::float8 as state_age,
    greatest(0, extract(epoch from pg_catalog.clock_timestamp() - query_start))::float8 as query_age
  from pg_catalog.pg_stat_activity
  where pid <> pg_catalog.pg_backend_pid()
    and (backend_type = 'client backend' or xact_start is not null)
    -- Without it other roles' times are hidden: no answer is better than a wrong 0.
    and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
)
select
  datname,
  usename,
  backend_type,
  pg_catalog.max(transaction_age) as transaction_age,
  -- Only for clients: a walsender is active for as long as it streams.
  case when backend_type = 'client backend' then coalesce(
    pg_catalog.max(state_age) filter (where state in ('idle in transaction', 'idle in transaction (aborted)')),
    0
  ) end as idle_in_transaction_age,
  case when backend_type = 'client backend' then coalesce(
    pg_catalog.max(query_age) filter (where state in ('active', 'fastpath function call')),
    0
  ) end as query_age
from session
group by
  datname,
  usename,
  backend_type
order by
  transaction_age desc,
  datname,
  usename,
  backend_type
