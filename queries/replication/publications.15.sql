-- Since 15 a publication may name schemas, too.
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
      from (
        select r.prrelid
        from pg_catalog.pg_publication_rel as r
        where r.prpubid = p.oid
        union
        select c.oid
        from pg_catalog.pg_publication_namespace as n
        join pg_catalog.pg_class as c
          on c.relnamespace = n.pnnspid
        where n.pnpubid = p.oid
          and c.relkind in ('r', 'p')
          and c.relpersistence = 'p'
      ) as published
    )
  end as tables
from pg_catalog.pg_publication as p
order by
  tables desc,
  p.pubname
