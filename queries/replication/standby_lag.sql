-- help: How far a standby's replay is behind its primary.
-- every: 15s
-- timeout: 1s
-- on: standby
-- labels: []
-- derive: wal_clock
-- metrics:
--   pg_replication_lag_seconds:
--     column: lag_seconds
--     type: gauge
--     help: "Seconds that replay is behind the primary: 0 while an idle one has no more, and growing without contact."
--   pg_replication_lag_bytes:
--     column: lag_bytes
--     type: gauge
--     help: "Bytes of WAL that the primary is known to have and that are not replayed; absent without contact to it."
--   pg_replication_last_replay_seconds:
--     column: last_replay_age
--     type: gauge
--     help: "Seconds since the end of the last transaction that was replayed; grows while the primary is idle."
--   pg_replication_replay_paused:
--     column: is_paused
--     type: gauge
--     help: "1 while replay is paused, or is asked to; what is received then waits, and lag grows."

-- The usual formula is "0 if all that was received is replayed, else the age of the last replayed transaction". It
-- says 0 when the connection is lost, and hours when a pause follows an idle night. See exporter/derive/wal_clock.py:
-- the primary's end of the WAL as its messages tell it is the clock. The age of the last transaction is an upper
-- bound, and the only thing there is on a standby that restores from an archive.
select
  extract(epoch from here.now)::float8 as now,
  (greatest(upstream.latest_end_lsn, upstream.flushed_lsn) - '0/0'::pg_lsn)::int8 as head,
  (here.replayed - '0/0'::pg_lsn)::int8 as position,
  null::float8 as measured,
  here.last_replay_age as at_most,
  here.last_replay_age,
  case
    when upstream.latest_end_lsn is not null then greatest(
      0,
      greatest(upstream.latest_end_lsn, upstream.flushed_lsn) - here.replayed
    )::int8
  end as lag_bytes,
  here.is_paused
from (
  select
    pg_catalog.clock_timestamp() as now,
    pg_catalog.pg_last_wal_replay_lsn() as replayed,
    -- greatest() ignores NULL, and would make 0 of never.
    case
      when pg_catalog.pg_last_xact_replay_timestamp() is not null then greatest(
        0,
        extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::float8
      )
    end as last_replay_age,
    pg_catalog.pg_is_wal_replay_paused()::int4 as is_paused
) as here
left join pg_catalog.pg_stat_wal_receiver as upstream
  on upstream.status = 'streaming'
-- Others do not see the receiver's state, and would take a standby for one without contact.
where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
