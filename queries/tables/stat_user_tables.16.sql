-- Since 16 with the times of the last scans, and with updates that went to another page.
with stat as (
  select
    stat.*,
    pg_catalog.pg_is_in_recovery() as is_standby,
    case
      when not pg_catalog.pg_is_in_recovery() then stat.n_live_tup
      when class.relpages > 0 then class.reltuples
    end as live,
    -- More than 8 MB, and many scans of many rows: a daily dump alone takes 100 days to get there.
    case
      when class.relpages > 1000
        and stat.seq_scan >= 100
        and stat.seq_tup_read >= stat.seq_scan * 10000
        and stat.seq_tup_read > coalesce(stat.idx_tup_fetch, 0)
      then 1
    end as candidate,
    pg_catalog.row_number() over (order by class.relpages desc, stat.n_live_tup desc) as by_size,
    pg_catalog.row_number() over (order by stat.n_dead_tup desc) as by_dead_rows,
    pg_catalog.row_number() over (order by stat.seq_tup_read desc) as by_scans,
    pg_catalog.row_number() over (order by stat.n_tup_ins + stat.n_tup_upd + stat.n_tup_del desc) as by_changes
  from pg_catalog.pg_stat_user_tables as stat
  join pg_catalog.pg_class as class
    on class.oid = stat.relid
  where class.relpersistence <> 't'
),
ranked as (
  select
    stat.*,
    pg_catalog.row_number() over (order by least(by_size, by_dead_rows, by_scans, by_changes), relid) as place
  from stat
)
select
  case when place <= 2000 then schemaname end as schemaname,
  case when place <= 2000 then relname end as relname,
  pg_catalog.sum(seq_scan)::bigint as seq_scan,
  pg_catalog.sum(seq_tup_read)::bigint as seq_tup_read,
  pg_catalog.sum(idx_scan)::bigint as idx_scan,
  pg_catalog.sum(idx_tup_fetch)::bigint as idx_tup_fetch,
  pg_catalog.sum(n_tup_ins)::bigint as n_tup_ins,
  pg_catalog.sum(n_tup_upd)::bigint as n_tup_upd,
  pg_catalog.sum(n_tup_del)::bigint as n_tup_del,
  pg_catalog.sum(n_tup_hot_upd)::bigint as n_tup_hot_upd,
  pg_catalog.sum(n_tup_newpage_upd)::bigint as n_tup_newpage_upd,
  pg_catalog.sum(live)::bigint as n_live_tup,
  pg_catalog.sum(case when not is_standby then n_dead_tup end)::bigint as n_dead_tup,
  pg_catalog.sum(case when not is_standby then n_mod_since_analyze end)::bigint as n_mod_since_analyze,
  pg_catalog.sum(case when not is_standby then n_ins_since_vacuum end)::bigint as n_ins_since_vacuum,
  extract(epoch from pg_catalog.max(last_seq_scan))::float8 as last_seq_scan,
  extract(epoch from pg_catalog.max(last_idx_scan))::float8 as last_idx_scan,
  extract(epoch from pg_catalog.max(last_vacuum))::float8 as last_vacuum,
  extract(epoch from pg_catalog.max(last_autovacuum))::float8 as last_autovacuum,
  extract(epoch from pg_catalog.max(last_analyze))::float8 as last_analyze,
  extract(epoch from pg_catalog.max(last_autoanalyze))::float8 as last_autoanalyze,
  pg_catalog.sum(vacuum_count)::bigint as vacuum_count,
  pg_catalog.sum(autovacuum_count)::bigint as autovacuum_count,
  pg_catalog.sum(analyze_count)::bigint as analyze_count,
  pg_catalog.sum(autoanalyze_count)::bigint as autoanalyze_count,
  null::float8 as total_vacuum_time,
  null::float8 as total_autovacuum_time,
  null::float8 as total_analyze_time,
  null::float8 as total_autoanalyze_time,
  pg_catalog.sum(candidate)::bigint as missing_index_candidate
from ranked
group by
  1,
  2
order by pg_catalog.min(place)
