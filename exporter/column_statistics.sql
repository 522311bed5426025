-- What estimates of bloat need to know of columns: fractions, counts and widths, never a value.
--
-- pg_stats shows a role the columns that it may read, so a role with nothing but pg_monitor sees those of no table at
-- all. This function reads pg_statistic in the name of whoever creates it, a superuser, and gives away of each column
-- or expression of an index:
--   null_frac, avg_width, n_distinct, correlation   as in pg_stats; the width of an expression counts a header of four
--                                                   bytes also for values that are stored with one
--   mcv_freqs, mcv_sum, mcv_count                   how frequent the most common values are: the first 100, all in sum,
--                                                   their number
--   residues                                        which share of the values is stored in a multiple of 8 bytes, in one
--                                                   more, ... seven more; NULL where values are wide, and for most types
-- Statistics over a table and its children are left out: only what a table itself stores can bloat it.
create schema if not exists oauth_exporter;

create or replace function oauth_exporter.column_statistics(relations oid[])
returns table (
  relation oid,
  attnum int2,
  null_frac float4,
  avg_width int4,
  n_distinct float4,
  correlation float4,
  mcv_freqs float4[],
  mcv_sum float4,
  mcv_count int4,
  residues float4[]
)
language sql
stable
security definer
-- Nobody can put a function of their own in the place of one that this calls.
set search_path = pg_catalog, pg_temp
as $$
  select
    s.starelid,
    s.staattnum,
    s.stanullfrac,
    s.stawidth,
    s.stadistinct,
    case 3 when s.stakind1 then s.stanumbers1[1] when s.stakind2 then s.stanumbers2[1] when s.stakind3 then s.stanumbers3[1] end,
    case s.stakind1 when 1 then s.stanumbers1[1:100] end,
    m.total,
    case s.stakind1 when 1 then cardinality(s.stanumbers1) end,
    r.shares
  from pg_catalog.pg_statistic as s
  join pg_catalog.pg_attribute as a on a.attrelid = s.starelid and a.attnum = s.staattnum
  left join lateral (
    select sum(f)::float4 as total
    from unnest(s.stanumbers1) as f
    where s.stakind1 = 1
  ) as m on s.stakind1 = 1
  -- Kind 1 are the most common values and comes first; kind 2 is the histogram, whose bounds stand for the others.
  left join lateral (
    select array[
      sum(w.share) filter (where w.residue = 0),
      sum(w.share) filter (where w.residue = 1),
      sum(w.share) filter (where w.residue = 2),
      sum(w.share) filter (where w.residue = 3),
      sum(w.share) filter (where w.residue = 4),
      sum(w.share) filter (where w.residue = 5),
      sum(w.share) filter (where w.residue = 6),
      sum(w.share) filter (where w.residue = 7)
    ]::float4[] as shares
    from (
      select
        v.share,
        -- A short value has a header of one byte, one of more than 126 bytes has four. A number says how wide it is
        -- with a header of four.
        case
          when a.atttypid = 'pg_catalog.numeric'::regtype then pg_column_size(v.value::numeric) - 3
          else octet_length(v.value) + case when octet_length(v.value) <= 126 then 1 else 4 end
        end % 8 as residue
      from (
        select unnest(s.stavalues1::text::text[]) as value, unnest(s.stanumbers1) as share
        where s.stakind1 = 1
        union all
        select unnest(h.bounds), (1 - coalesce(m.total, 0) - s.stanullfrac) / cardinality(h.bounds)
        from (
          select case 2 when s.stakind1 then s.stavalues1::text when s.stakind2 then s.stavalues2::text end::text[] as bounds
          offset 0 -- or it would be read once for each use
        ) as h
      ) as v
      where a.attlen = -1
        and s.stawidth <= 256
        -- As stored, compressed or not: what would be slow to read tells nothing more.
        and coalesce(pg_column_size(s.stavalues1), 0) + coalesce(pg_column_size(s.stavalues2), 0) <= 32768
        and a.atttypid in (
          'pg_catalog.text'::regtype,
          'pg_catalog.varchar'::regtype,
          'pg_catalog.bpchar'::regtype,
          'pg_catalog.numeric'::regtype
        )
      offset 0 -- or it would be worked out once for each of the eight
    ) as w
  ) as r on true
  where s.starelid = any(relations) and not s.stainherit
$$;

revoke all on function oauth_exporter.column_statistics(oid[]) from public;
