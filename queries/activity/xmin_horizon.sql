-- help: What keeps vacuum from removing dead rows, and how far back it reaches.
-- every: 15s
-- timeout: 1s
-- labels: [holder]
-- metrics:
--   pg_xmin_holders:
--     column: holders
--     type: gauge
--     help: "Sessions, slots and prepared transactions of this kind that keep rows from being removed by vacuum."
--   pg_xmin_age_transactions:
--     column: age
--     type: gauge
--     help: "Transactions begun since the oldest that vacuum must respect for this kind of holder; absent when none holds."

-- A session holds by a snapshot (backend_xmin) or by a transaction that wrote (backend_xid); one that is idle in a
-- READ COMMITTED transaction and wrote nothing holds neither. Feedback of a standby that uses a slot is the slot's.
-- Another walsender is a base backup, logical decoding or an exported snapshot. What is other: autovacuum's ANALYZE, a
-- worker of a parallel query or of an extension.
with holder as (
  select
    case a.backend_type when 'client backend' then 'backend' else 'other' end as kind,
    greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) as age
  from pg_catalog.pg_stat_activity as a
  where (a.backend_xmin is not null or a.backend_xid is not null)
    and a.backend_type <> 'walsender'
    -- Others do not have to respect the snapshot of a VACUUM.
    and not exists (
      select
      from pg_catalog.pg_stat_progress_vacuum as v
      where v.pid = a.pid
    )
    and a.pid <> pg_catalog.pg_backend_pid()
  union all
  select
    case
      when r.state in ('streaming', 'catchup') and s.slot_type is distinct from 'logical'
      then 'standby_feedback'
      else 'walsender'
    end as kind,
    pg_catalog.age(r.backend_xmin) as age
  from pg_catalog.pg_stat_replication as r
  left join pg_catalog.pg_replication_slots as s
    on s.active_pid = r.pid
  where r.backend_xmin is not null
  union all
  select
    'slot' as kind,
    pg_catalog.age(xmin) as age
  from pg_catalog.pg_replication_slots
  where xmin is not null
  union all
  -- Rows of the catalogues only.
  select
    'slot_catalog' as kind,
    pg_catalog.age(catalog_xmin) as age
  from pg_catalog.pg_replication_slots
  where catalog_xmin is not null
  union all
  select
    'prepared_transaction' as kind,
    pg_catalog.age(transaction) as age
  from pg_catalog.pg_prepared_xacts
)
select
  known.kind as holder,
  pg_catalog.count(holder.kind) as holders,
  pg_catalog.max(holder.age) as age
from (
  values
    ('backend', true),
    ('standby_feedback', true),
    ('walsender', true),
    ('other', true),
    ('slot', false),
    ('slot_catalog', false),
    ('prepared_transaction', false)
) as known (kind, is_session)
left join holder
  on holder.kind = known.kind
-- Without it other roles' sessions do not show what they hold: no answer is better than a wrong 0.
where not known.is_session
  or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by known.kind
order by
  age desc nulls last,
  known.kind
