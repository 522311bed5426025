-- help: Rows that came and went, as the server counts them; no table is read.
-- every: 60s
-- timeout: 2s
-- scope: database
-- on: primary
-- over_any: [tokens, codes, clients, users, sessions, devices, denylist]
-- labels: [entity]
-- metrics:
--   oauth2_rows_inserted_total:
--     column: inserted
--     type: counter
--     help: "Rows inserted into the tables that hold the entity, those of rolled back transactions included."
--   oauth2_rows_deleted_total:
--     column: deleted
--     type: counter
--     help: "Rows deleted from the tables that hold the entity; TRUNCATE and dropped partitions do not count."

-- Only a primary counts them. A view has no counters, and its entity no row here.
with stored as (
  select
    'tokens' as entity,
    pg_catalog.unnest(:tokens_relations) as relation
  union all
  select
    'codes',
    pg_catalog.unnest(:codes_relations)
  union all
  select
    'clients',
    pg_catalog.unnest(:clients_relations)
  union all
  select
    'users',
    pg_catalog.unnest(:users_relations)
  union all
  select
    'sessions',
    pg_catalog.unnest(:sessions_relations)
  union all
  select
    'devices',
    pg_catalog.unnest(:devices_relations)
  union all
  select
    'denylist',
    pg_catalog.unnest(:denylist_relations)
),
-- A partitioned table counts nothing itself, its partitions do.
counting as (
  select
    entity,
    relation as relid
  from stored
  union
  select
    stored.entity,
    leaf.relid
  from stored
  cross join pg_catalog.pg_partition_tree(stored.relation) as leaf
)
select
  counting.entity,
  pg_catalog.sum(change.n_tup_ins)::bigint as inserted,
  pg_catalog.sum(change.n_tup_del)::bigint as deleted
from counting
inner join pg_catalog.pg_stat_all_tables as change
  on change.relid = counting.relid
group by counting.entity
