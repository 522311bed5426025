"""Owns the estimate of table bloat that most monitoring tools use, to compare with.

After table/table_bloat.sql of github.com/ioguix/pgsql-bloat-estimation (BSD licence), cut down to what is
compared: the share of the heap alone.
"""

IOGUIX = """
select tblname, case when tblpages > 0 and est > 0 then greatest(0, 1 - est / tblpages) else 0 end as ratio
from (
  select tblname, tblpages,
    ceil(reltuples / nullif((bs - page_hdr) * fillfactor / (tpl_size * 100), 0)) as est
  from (
    select
      (4 + tpl_hdr_size + tpl_data_size + 2 * ma
        - case when tpl_hdr_size % ma = 0 then ma else tpl_hdr_size % ma end
        - case when ceil(tpl_data_size)::int % ma = 0 then ma else ceil(tpl_data_size)::int % ma end
      ) as tpl_size,
      bs - page_hdr as size_per_block, relpages as tblpages, reltuples, bs, page_hdr, fillfactor, tblname
    from (
      select tbl.relname as tblname, tbl.reltuples, tbl.relpages,
        coalesce(
          substring(array_to_string(tbl.reloptions, ' ') from 'fillfactor=([0-9]+)')::smallint, 100
        ) as fillfactor,
        current_setting('block_size')::numeric as bs, 8 as ma, 24 as page_hdr,
        23 + case when max(coalesce(s.null_frac, 0)) > 0 then (7 + count(s.attname)) / 8 else 0 end
          as tpl_hdr_size,
        sum((1 - coalesce(s.null_frac, 0)) * coalesce(s.avg_width, 0)) as tpl_data_size
      from pg_attribute as att
      join pg_class as tbl on att.attrelid = tbl.oid
      join pg_namespace as ns on ns.oid = tbl.relnamespace
      left join pg_stats as s on s.schemaname = ns.nspname and s.tablename = tbl.relname
        and not s.inherited and s.attname = att.attname
      where not att.attisdropped and att.attnum > 0 and tbl.relkind in ('r', 'm') and ns.nspname = 'bloat'
      group by tbl.oid, tbl.relname, tbl.reltuples, tbl.relpages, tbl.reloptions
    ) as s
  ) as s2
) as s3
"""
