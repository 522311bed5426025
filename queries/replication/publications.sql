-- help: Tables that each publication publishes.
-- every: 5m
-- timeout: 5s
-- scope: database
-- labels: [pubname]
-- limit: 200
-- metrics:
--   pg_publication_tables:
--     column: tables
--     type: gauge
--     help: "Tables that the publication names; 0 for one that publishes nothing."

-- The server's own list (pg_publication_tables) opens every table, and waits for those that are locked.
select
  p.pubname,
  case
    when p.puballtables then (
      select pg_catalog.count(*)
      from pg_catalog.pg_class as c
      where c.relpersistence = 'p'
        -- What the server itself came with is not published.
        and c.oid >= 16384
        -- Partitions, or the tables that they are of.
        and case when p.pubviaroot then c.relkind in ('r', 'p') and not c.relispartition else c.relkind = 'r' end
    )
    else (
      select pg_catalog.count(*)
      from pg_catalog.pg_publication_rel as r
      where r.prpubid = p.oid
    )
  end as tables
from pg_catalog.pg_publication as p
order by
  tables desc,
  p.pubname
