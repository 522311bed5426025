-- help: Sessions that wait for locks of other sessions, and what holds them up.
-- every: 15s
-- timeout: 1s
-- labels: [state]
-- derive: blocking_tree
-- metrics:
--   pg_blocked_sessions:
--     column: blocked_sessions
--     type: gauge
--     help: "Sessions that wait for a lock that others hold or are ahead in the queue for."
--   pg_blocking_roots:
--     column: roots
--     type: gauge
--     help: "Sessions and prepared transactions that others wait for and that wait for no lock themselves, by state."
--   pg_blocking_largest_tree_sessions:
--     column: largest_tree
--     type: gauge
--     help: "Sessions held up by the one root that holds up most, directly or behind others."
--   pg_blocking_depth:
--     column: depth
--     type: gauge
--     help: "Steps from the blocked session that is furthest from a root to the nearest root, 0 when nobody is blocked."
--   pg_blocking_longest_wait_seconds:
--     column: longest_wait
--     type: gauge
--     help: "Seconds for which one query has been seen waiting at every run, the longest; short of the truth by up to one interval."
--   pg_blocking_cycle_sessions:
--     column: cycle_sessions
--     type: gauge
--     help: "Blocked sessions with no root: they wait for each other in a circle or behind one, until the deadlock check ends it."
--   pg_blocking_autovacuum_sessions:
--     column: behind_autovacuum
--     type: gauge
--     help: "Sessions held up by autovacuum; for long only by one against wraparound, any other gives way after deadlock_timeout."

-- One row for each session that waits, with those it waits for, and one for each of these with its state. The tree is
-- not built here: a queue of n sessions has n * n / 2 edges, and recursion over them in SQL takes seconds.
-- pg_blocking_pids() takes every partition of the lock table for a moment, so it is called for those who wait only;
-- pid 0 in its answer is a prepared transaction. A parallel worker's wait is that of its leader.
with session as materialized (
  select
    pid,
    coalesce(leader_pid, pid) as leader,
    case when backend_type = 'autovacuum worker' then 'autovacuum' else state end as state,
    wait_event_type = 'Lock' as is_waiting,
    query_start
  from pg_catalog.pg_stat_activity
  where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
),
waiter as materialized (
  select
    leader as pid,
    extract(epoch from query_start)::float8 as query_start,
    pg_catalog.pg_blocking_pids(pid) as blockers
  from session
  where is_waiting
)
select
  pid,
  query_start,
  null as state,
  blockers
from waiter
where blockers <> '{}'
union all
select
  pid,
  null as query_start,
  state,
  '{}' as blockers
from session
where pid in (
  select pg_catalog.unnest(blockers)
  from waiter
)
union all
-- Without pg_read_all_stats waits are hidden: a row without pid keeps "not known" apart from "nobody waits".
select
  null as pid,
  null as query_start,
  null as state,
  null as blockers
where not pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
