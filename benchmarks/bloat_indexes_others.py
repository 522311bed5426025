"""Owns the estimate of B-tree bloat that most monitoring tools use, to compare with.

btree/btree_bloat.sql of github.com/ioguix/pgsql-bloat-estimation (BSD licence), cut down to a share.
"""

IOGUIX = """
select idxname, greatest(0, 1 - est / relpages) as ratio
from (
  select
    idxname, relpages,
    coalesce(1 + ceil(reltuples / floor((bs - 40) * fillfactor / (100 * (4 + width)))), 0) as est
  from (
    select
      idxname, relpages, reltuples, fillfactor, bs,
      header + 8 - case when header % 8 = 0 then 8 else header % 8 end
        + data + 8 - case when data = 0 then 0 when data::int % 8 = 0 then 8 else data::int % 8 end as width
    from (
      select
        i.idxname, i.relpages, i.reltuples, i.fillfactor, current_setting('block_size')::numeric as bs,
        case when max(coalesce(s.null_frac, 0)) = 0 then 8 else 12 end as header,
        sum((1 - coalesce(s.null_frac, 0)) * coalesce(s.avg_width, 1024))::numeric as data
      from (
        select
          ic.*, coalesce(a1.attname, a2.attname) as attname, n.nspname,
          case when a1.attnum is null then ic.idxname else ct.relname end as attrelname
        from (
          select
            ci.relname as idxname, ci.reltuples, ci.relpages, i.indrelid as tbloid, i.indexrelid as idxoid,
            coalesce(
              substring(array_to_string(ci.reloptions, ' ') from 'fillfactor=([0-9]+)')::smallint, 90
            ) as fillfactor,
            string_to_array(i.indkey::text, ' ')::int[] as indkey, generate_series(1, i.indnatts) as attpos
          from pg_index as i
          join pg_class as ci on ci.oid = i.indexrelid
          where ci.relam = (select oid from pg_am where amname = 'btree') and ci.relpages > 0
            and ci.relnamespace = 'bloat'::regnamespace
        ) as ic
        join pg_class as ct on ct.oid = ic.tbloid
        join pg_namespace as n on n.oid = ct.relnamespace
        left join pg_attribute as a1
          on ic.indkey[ic.attpos] <> 0 and a1.attrelid = ic.tbloid and a1.attnum = ic.indkey[ic.attpos]
        left join pg_attribute as a2
          on ic.indkey[ic.attpos] = 0 and a2.attrelid = ic.idxoid and a2.attnum = ic.attpos
      ) as i
      join pg_stats as s on s.schemaname = i.nspname and s.tablename = i.attrelname and s.attname = i.attname
      group by i.idxname, i.relpages, i.reltuples, i.fillfactor, i.idxoid
    ) as widths
  ) as sizes
) as estimates
"""
