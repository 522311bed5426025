-- help: What of a schema does not hold although it is written there.
-- every: 15m
-- timeout: 10s
-- scope: database
-- labels: [flaw]
-- metrics:
--   pg_schema_flaws:
--     column: objects
--     type: gauge
--     help: "Objects that are switched off, were never proven or have no effect, by what is wrong; each is worth a look."

with own as (
  select
    c.oid,
    c.relkind,
    c.relispartition,
    c.relrowsecurity
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n
    on n.oid = c.relnamespace
  where c.relkind in ('r', 'p')
    and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema')
)
select
  'constraint_not_validated' as flaw,
  pg_catalog.count(*) as objects
from pg_catalog.pg_constraint
where not convalidated
union all
-- Foreign keys are triggers inside; DISABLE TRIGGER ALL switches them off.
select
  case when tgisinternal then 'foreign_key_disabled' else 'trigger_disabled' end,
  pg_catalog.count(*) filter (where tgenabled = 'D')
from (
  select
    tgisinternal,
    tgenabled
  from pg_catalog.pg_trigger
  union all
  values
    (true, 'O'::"char"),
    (false, 'O'::"char")
) as triggers
group by tgisinternal
union all
select
  'event_trigger_disabled',
  pg_catalog.count(*)
from pg_catalog.pg_event_trigger
where evtenabled = 'D'
union all
-- Policies bind nobody until row security is enabled.
select
  'policy_without_effect',
  pg_catalog.count(*)
from pg_catalog.pg_policy as p
join own
  on own.oid = p.polrelid
where not own.relrowsecurity
union all
-- Logical replication cannot update or delete there, and nothing keeps a row from being there twice.
select
  'table_without_primary_key',
  pg_catalog.count(*)
from own
where not relispartition
  and not exists (
    select
    from pg_catalog.pg_index as i
    where i.indrelid = own.oid
      and i.indisprimary
  )
order by flaw
