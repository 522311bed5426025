-- Since 14 the OID can be read. The leader of parallel workers is there since 16, read as JSON, where a column that is
-- not there is NULL.
with worker as (
  select
    s.*,
    case
      when s.relid is not null then 'sync'
      when pg_catalog.to_jsonb(s) ->> 'leader_pid' is not null then 'parallel'
      else 'apply'
    end as kind
  from pg_catalog.pg_stat_subscription as s
)
select
  d.datname,
  s.subname,
  s.subenabled::int4 as is_enabled,
  (pg_catalog.count(w.pid) filter (where w.kind = 'apply') > 0)::int4 as is_up,
  pg_catalog.count(w.pid) filter (where w.kind = 'sync') as sync_workers,
  case
    when pg_catalog.current_setting('server_version_num')::int4 >= 160000
    then pg_catalog.count(w.pid) filter (where w.kind = 'parallel')
  end as parallel_workers,
  extract(
    epoch from pg_catalog.clock_timestamp()
      - pg_catalog.max(w.last_msg_receipt_time) filter (where w.kind = 'apply')
  )::float8 as last_msg_age,
  extract(
    epoch from pg_catalog.max(w.last_msg_receipt_time - w.last_msg_send_time) filter (where w.kind = 'apply')
  )::float8 as msg_delay,
  (pg_catalog.max(w.received_lsn) filter (where w.kind = 'apply') - '0/0'::pg_lsn)::int8 as received,
  (pg_catalog.max(w.received_lsn - w.latest_end_lsn) filter (where w.kind = 'apply'))::int8 as unreported
from pg_catalog.pg_subscription as s
join pg_catalog.pg_database as d
  on d.oid = s.subdbid
left join worker as w
  on w.subid = s.oid
group by
  d.datname,
  s.subname,
  s.subenabled
order by
  d.datname,
  s.subname
