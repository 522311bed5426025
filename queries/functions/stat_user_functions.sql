-- help: Calls and times of functions; only where track_functions is on.
-- every: 60s
-- timeout: 5s
-- scope: database
-- labels: [schemaname, funcname]
-- limit: 63
-- rest: true
-- metrics:
--   pg_stat_user_functions_calls_total:
--     column: calls
--     type: counter
--     help: "Calls of the function, all functions of that name together."
--   pg_stat_user_functions_total_time_seconds_total:
--     column: total_time
--     type: counter
--     help: "Seconds spent in the function and in those that it called."
--   pg_stat_user_functions_self_time_seconds_total:
--     column: self_time
--     type: counter
--     help: "Seconds spent in the function itself."

-- A view without a row is what track_functions = none looks like. A function has its first row at its first call.
with by_name as (
  select
    schemaname,
    funcname,
    pg_catalog.sum(calls)::bigint as calls,
    pg_catalog.sum(total_time) / 1000 as total_time,
    pg_catalog.sum(self_time) / 1000 as self_time
  from pg_catalog.pg_stat_user_functions
  group by
    schemaname,
    funcname
)
select
  schemaname,
  funcname,
  calls,
  total_time,
  self_time
from by_name
order by
  self_time desc,
  schemaname,
  funcname
