-- help: How far the tables that hold back a database are from a forced vacuum and from the end of transaction numbers.
-- every: 5m
-- timeout: 10s
-- scope: database
-- labels: [schemaname, relname]
-- limit: 44
-- rest: true
-- metrics:
--   pg_table_xid_freeze_ratio:
--     column: xid_freeze
--     type: gauge
--     help: "Transactions since the oldest unfrozen one, as a share of those that force a vacuum; above 1.1 it does not come."
--   pg_table_xid_stop_ratio:
--     column: xid_stop
--     type: gauge
--     help: "Transactions since the oldest unfrozen one, as a share of those after which the server refuses writes."
--   pg_table_mxid_freeze_ratio:
--     column: mxid_freeze
--     type: gauge
--     help: "Multixacts since the oldest one still held, as a share of those that force a vacuum; above 1.1 it does not come."
--   pg_table_mxid_stop_ratio:
--     column: mxid_stop
--     type: gauge
--     help: "Multixacts since the oldest one still held, as a share of those after which the server refuses new ones."

-- System tables count, and temporary ones that a session left behind. A TOAST table stands under its table's name. Only
-- relations with storage of their own have an age; of views and indexes age() would say 2147483647. An option of the
-- table can only lower the age that forces a vacuum. The server stops 3,000,000 short of 2^31 (varsup.c, multixact.c).
with relation as (
  select
    coalesce(owner.oid, class.oid) as table_oid,
    pg_catalog.age(class.relfrozenxid)::float8 as xid_age,
    pg_catalog.mxid_age(class.relminmxid)::float8 as mxid_age,
    class.relpages,
    coalesce(class.reloptions, owner.reloptions) as options
  from pg_catalog.pg_class as class
  left join pg_catalog.pg_class as owner
    on owner.reltoastrelid = class.oid
    and class.relkind = 't'
  where class.relkind in ('r', 'm', 't')
    -- Access methods of extensions need not have transactions of their own.
    and class.relfrozenxid <> '0'
    and class.relminmxid <> '0'
),
share as (
  select
    table_oid,
    relpages,
    xid_age / least(option.freeze_age, pg_catalog.current_setting('autovacuum_freeze_max_age')::float8) as xid_freeze,
    xid_age / 2144483647 as xid_stop,
    mxid_age
      / least(option.multixact_age, pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::float8)
      as mxid_freeze,
    mxid_age / 2144483647 as mxid_stop
  from relation
  cross join lateral (
    select
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_freeze_max_age')::float8 as freeze_age,
      pg_catalog.max(option_value) filter (where option_name = 'autovacuum_multixact_freeze_max_age')::float8
        as multixact_age
    from pg_catalog.pg_options_to_table(relation.options)
  ) as option
)
select
  namespace.nspname as schemaname,
  class.relname,
  pg_catalog.max(share.xid_freeze) as xid_freeze,
  pg_catalog.max(share.xid_stop) as xid_stop,
  pg_catalog.max(share.mxid_freeze) as mxid_freeze,
  pg_catalog.max(share.mxid_stop) as mxid_stop
from share
join pg_catalog.pg_class as class
  on class.oid = share.table_oid
join pg_catalog.pg_namespace as namespace
  on namespace.oid = class.relnamespace
group by
  class.oid,
  namespace.nspname,
  class.relname
order by
  greatest(pg_catalog.max(share.xid_freeze), pg_catalog.max(share.mxid_freeze)) desc,
  pg_catalog.sum(share.relpages) desc,
  class.oid
-- There are no sums of shares: tables further down would be for nothing.
limit 1000
