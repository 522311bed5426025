-- help: Prepared transactions of every database, which hold their locks until somebody ends them.
-- every: 15s
-- timeout: 1s
-- labels: [datname]
-- limit: 10000
-- metrics:
--   pg_prepared_transactions:
--     column: transactions
--     type: gauge
--     help: "Transactions prepared for a two-phase commit and not ended yet; forgotten ones block vacuum and others for ever."
--   pg_prepared_transactions_oldest_age_seconds:
--     column: age
--     type: gauge
--     help: "Seconds since the oldest prepared transaction of the database was prepared; absent when there is none."

select
  d.datname,
  pg_catalog.count(p.gid) as transactions,
  -- clock_timestamp() and greatest(): one may be prepared after this statement began, and clocks are set back.
  case
    when pg_catalog.count(p.gid) > 0
    then greatest(0, extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.min(p.prepared)))::float8
  end as age
from pg_catalog.pg_database as d
left join pg_catalog.pg_prepared_xacts as p
  on p.database = d.datname
where d.datallowconn
group by d.datname
order by
  transactions desc,
  d.datname
