-- help: What the server writes into its log that an audit or an incident would ask for.
-- every: 5m
-- timeout: 2s
-- labels: [what]
-- metrics:
--   pg_logging_enabled:
--     column: is_on
--     type: gauge
--     help: "1 when the server logs it and 0 when not, for sessions that nobody set otherwise."

-- As new sessions get it. log_connections is a word since 18; pgaudit has settings where it is loaded.
with given as (
  select
    name,
    reset_val as value
  from pg_catalog.pg_settings
  where source not in ('client', 'session', 'user', 'database', 'database user')
)
select
  case name
    when 'log_autovacuum_min_duration' then 'autovacuum'
    when 'log_checkpoints' then 'checkpoints'
    when 'log_connections' then 'connections'
    when 'log_disconnections' then 'disconnections'
    when 'log_lock_waits' then 'lock_waits'
    when 'log_min_duration_statement' then 'slow_statements'
    when 'log_replication_commands' then 'replication_commands'
    when 'log_statement' then 'changes'
    when 'pgaudit.log' then 'pgaudit'
  end as what,
  case name
    when 'log_autovacuum_min_duration' then value <> '-1'
    when 'log_connections' then value not in ('', 'off')
    when 'log_min_duration_statement' then value <> '-1'
    -- ddl is not enough: nobody sees who deleted a token.
    when 'log_statement' then value in ('mod', 'all')
    when 'pgaudit.log' then value not in ('', 'none')
    else value = 'on'
  end::int as is_on
from given
where name in (
  'log_autovacuum_min_duration',
  'log_checkpoints',
  'log_connections',
  'log_disconnections',
  'log_lock_waits',
  'log_min_duration_statement',
  'log_replication_commands',
  'log_statement',
  'pgaudit.log'
)
order by what
