-- help: The last checkpoint as the control file tells it, and what a crash now would have to replay.
-- every: 30s
-- timeout: 1s
-- labels: []
-- metrics:
--   pg_control_checkpoint_timestamp_seconds:
--     column: checkpoint_time
--     type: gauge
--     help: "Unix time in seconds of the last checkpoint, on a standby of the last one it made a restartpoint of."
--   pg_control_checkpoint_age_seconds:
--     column: age
--     type: gauge
--     help: "Seconds since the last checkpoint; far above checkpoint_timeout on a busy server they cannot complete."
--   pg_control_checkpoint_redo_bytes:
--     column: redo
--     type: gauge
--     help: "Bytes of WAL since the last checkpoint began, which recovery from a crash would replay."
--   pg_control_checkpoint_next_xid_total:
--     column: next_xid
--     type: counter
--     help: "Transaction IDs ever used, as of the last checkpoint."
--   pg_control_checkpoint_next_multixact_total:
--     column: next_multixact
--     type: counter
--     help: "Multixact IDs used since they last wrapped around, as of the last checkpoint."
--   pg_control_checkpoint_next_multixact_member_total:
--     column: next_member
--     type: counter
--     help: "Members of multixacts used since they last wrapped around, as of the last checkpoint."
--   pg_timeline:
--     column: timeline
--     type: gauge
--     help: "Timeline of the WAL that is written or replayed; each promotion begins a new one."

with control as (
  select
    redo_lsn,
    timeline_id,
    -- Written as epoch:xid.
    pg_catalog.split_part(next_xid, ':', 1)::int8 * 4294967296
      + pg_catalog.split_part(next_xid, ':', 2)::int8 as next_xid,
    next_multixact_id::text::int8 as next_multixact,
    next_multi_offset::text::int8 as next_member,
    checkpoint_time
  from pg_catalog.pg_control_checkpoint()
)
select
  extract(epoch from checkpoint_time)::float8 as checkpoint_time,
  -- The control file has whole seconds, and clocks are set back.
  greatest(0, extract(epoch from pg_catalog.clock_timestamp() - checkpoint_time))::float8 as age,
  greatest(
    0,
    case
      when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
      else pg_catalog.pg_current_wal_lsn()
    end - redo_lsn
  )::int8 as redo,
  next_xid,
  next_multixact,
  next_member,
  -- After a promotion the control file knows of the new timeline only once it is checkpointed; the name of the
  -- WAL file that is being written does at once. A standby may not ask for that.
  case
    when pg_catalog.pg_is_in_recovery() then greatest(
      timeline_id,
      (
        select received_tli
        from pg_catalog.pg_stat_wal_receiver
      )
    )
    else ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::pg_catalog.bit(32)::int4
  end as timeline
from control
