-- help: Sessions of the connection pools that the configuration names.
-- every: 15s
-- timeout: 1s
-- labels: [pool, state]
-- metrics:
--   pg_pool_sessions:
--     column: sessions
--     type: gauge
--     help: "Client sessions of the pool in this state; _other are those that fit no pattern under pools."
--   pg_pool_longest_in_state_seconds:
--     column: longest
--     type: gauge
--     help: "Seconds since the session of the pool that is longest in this state entered it; absent when none is in it."

-- Patterns of application_name as LIKE has them, by name. Where none is configured there is no row.
with pool as materialized (
  select
    key as name,
    value as pattern
  from pg_catalog.jsonb_each_text(
    -- A pooler hands on sessions in which the setting is empty.
    case
      when pg_catalog.current_setting('pg_oauth_exporter.pools', true) <> ''
      then pg_catalog.current_setting('pg_oauth_exporter.pools', true)::jsonb
    end
  )
),
session as materialized (
  select
    application_name,
    state,
    greatest(0, extract(epoch from pg_catalog.clock_timestamp() - state_change))::float8 as seconds
  from pg_catalog.pg_stat_activity
  where backend_type = 'client backend'
    and pid <> pg_catalog.pg_backend_pid()
),
member as (
  select
    pool.name,
    session.state,
    session.seconds
  from session
  inner join pool
    on session.application_name like pool.pattern
  union all
  select
    '_other' as name,
    session.state,
    session.seconds
  from session
  where not exists (
    select
    from pool
    where session.application_name like pool.pattern
  )
),
place as (
  -- The usual states are there for each pool, also at 0.
  select
    name.name,
    state.state
  from (
    select name
    from pool
    union all
    select '_other' as name
  ) as name
  cross join (
    values ('active'), ('idle'), ('idle in transaction'), ('idle in transaction (aborted)')
  ) as state (state)
  union
  select
    name,
    state
  from member
)
select
  place.name as pool,
  place.state,
  pg_catalog.count(member.name) as sessions,
  pg_catalog.max(member.seconds) as longest
from place
left join member
  on member.name = place.name
  and member.state = place.state
where exists (
  select
  from pool
)
  -- Without it states and types of other roles' sessions are hidden: no answer is better than a wrong 0.
  and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by
  place.name,
  place.state
order by
  sessions desc,
  pool,
  place.state
