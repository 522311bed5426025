-- help: Use of tables, and when they were last vacuumed and analyzed.
-- every: 60s
-- timeout: 10s
-- scope: database
-- needs: {setting: track_counts}
-- labels: [schemaname, relname]
-- limit: 308
-- rest: true
-- metrics:
--   pg_stat_user_tables_seq_scan_total:
--     column: seq_scan
--     type: counter
--     help: "Sequential scans of the table."
--   pg_stat_user_tables_seq_tup_read_total:
--     column: seq_tup_read
--     type: counter
--     help: "Live rows that sequential scans of the table read."
--   pg_stat_user_tables_idx_scan_total:
--     column: idx_scan
--     type: counter
--     help: "Index scans of the table; absent for a table without an index."
--   pg_stat_user_tables_idx_tup_fetch_total:
--     column: idx_tup_fetch
--     type: counter
--     help: "Live rows of the table that index scans fetched."
--   pg_stat_user_tables_n_tup_ins_total:
--     column: n_tup_ins
--     type: counter
--     help: "Rows inserted."
--   pg_stat_user_tables_n_tup_upd_total:
--     column: n_tup_upd
--     type: counter
--     help: "Rows updated, heap-only updates and those that went to another page included."
--   pg_stat_user_tables_n_tup_del_total:
--     column: n_tup_del
--     type: counter
--     help: "Rows deleted."
--   pg_stat_user_tables_n_tup_hot_upd_total:
--     column: n_tup_hot_upd
--     type: counter
--     help: "Rows updated within their page and without new index entries (HOT); a low share of all costs."
--   pg_stat_user_tables_n_tup_newpage_upd_total:
--     column: n_tup_newpage_upd
--     type: counter
--     help: "Rows whose update went to another page (PostgreSQL 16 and later)."
--   pg_stat_user_tables_n_live_tup:
--     column: n_live_tup
--     type: gauge
--     help: "Live rows, as estimated by the server."
--   pg_stat_user_tables_n_dead_tup:
--     column: n_dead_tup
--     type: gauge
--     help: "Dead rows that vacuum has not removed, as estimated by the server; a standby does not know."
--   pg_stat_user_tables_n_mod_since_analyze:
--     column: n_mod_since_analyze
--     type: gauge
--     help: "Rows changed since the last analyze; a standby does not know."
--   pg_stat_user_tables_n_ins_since_vacuum:
--     column: n_ins_since_vacuum
--     type: gauge
--     help: "Rows inserted since the last vacuum; a standby does not know."
--   pg_stat_user_tables_last_seq_scan_timestamp_seconds:
--     column: last_seq_scan
--     type: gauge
--     help: "Unix time in seconds of the last sequential scan; absent when never (PostgreSQL 16 and later)."
--   pg_stat_user_tables_last_idx_scan_timestamp_seconds:
--     column: last_idx_scan
--     type: gauge
--     help: "Unix time in seconds of the last index scan; absent when never (PostgreSQL 16 and later)."
--   pg_stat_user_tables_last_vacuum_timestamp_seconds:
--     column: last_vacuum
--     type: gauge
--     help: "Unix time in seconds of the last manual vacuum, VACUUM FULL left out; absent when never."
--   pg_stat_user_tables_last_autovacuum_timestamp_seconds:
--     column: last_autovacuum
--     type: gauge
--     help: "Unix time in seconds of the last vacuum by autovacuum; absent when never."
--   pg_stat_user_tables_last_analyze_timestamp_seconds:
--     column: last_analyze
--     type: gauge
--     help: "Unix time in seconds of the last manual analyze; absent when never."
--   pg_stat_user_tables_last_autoanalyze_timestamp_seconds:
--     column: last_autoanalyze
--     type: gauge
--     help: "Unix time in seconds of the last analyze by autovacuum; absent when never."
--   pg_stat_user_tables_vacuum_count_total:
--     column: vacuum_count
--     type: counter
--     help: "Manual vacuums, VACUUM FULL left out."
--   pg_stat_user_tables_autovacuum_count_total:
--     column: autovacuum_count
--     type: counter
--     help: "Vacuums by autovacuum."
--   pg_stat_user_tables_analyze_count_total:
--     column: analyze_count
--     type: counter
--     help: "Manual analyzes."
--   pg_stat_user_tables_autoanalyze_count_total:
--     column: autoanalyze_count
--     type: counter
--     help: "Analyzes by autovacuum."
--   pg_stat_user_tables_vacuum_time_seconds_total:
--     column: total_vacuum_time
--     type: counter
--     help: "Seconds spent on manual vacuums, sleeping included (PostgreSQL 18 and later)."
--   pg_stat_user_tables_autovacuum_time_seconds_total:
--     column: total_autovacuum_time
--     type: counter
--     help: "Seconds that autovacuum spent on vacuums, sleeping included (PostgreSQL 18 and later)."
--   pg_stat_user_tables_analyze_time_seconds_total:
--     column: total_analyze_time
--     type: counter
--     help: "Seconds spent on manual analyzes (PostgreSQL 18 and later)."
--   pg_stat_user_tables_autoanalyze_time_seconds_total:
--     column: total_autoanalyze_time
--     type: counter
--     help: "Seconds that autovacuum spent on analyzes (PostgreSQL 18 and later)."
--   pg_table_missing_index_candidate:
--     column: missing_index_candidate
--     type: gauge
--     help: "Always 1: a large table that sequential scans read more of than index scans do; _other counts more."

-- The view leaves system tables out, and so are temporary ones here: each lives as long as a session. Of N tables
-- those are listed that are among the first by size, by dead rows, by what sequential scans read or by what is
-- changed; beyond 2000 they are one row. A standby counts its own scans; of dead rows and changes it knows nothing,
-- and of live rows what the primary's last vacuum or analyze left in the catalogue.
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
  null::bigint as n_tup_newpage_upd,
  pg_catalog.sum(live)::bigint as n_live_tup,
  pg_catalog.sum(case when not is_standby then n_dead_tup end)::bigint as n_dead_tup,
  pg_catalog.sum(case when not is_standby then n_mod_since_analyze end)::bigint as n_mod_since_analyze,
  pg_catalog.sum(case when not is_standby then n_ins_since_vacuum end)::bigint as n_ins_since_vacuum,
  null::float8 as last_seq_scan,
  null::float8 as last_idx_scan,
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
