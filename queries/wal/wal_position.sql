-- help: How far the server has come in the WAL, in bytes.
-- every: 15s
-- timeout: 1s
-- labels: [position]
-- metrics:
--   pg_wal_lsn_bytes_total:
--     column: lsn
--     type: counter
--     help: "Position in the WAL in bytes; its rate is the WAL that is written, or on a standby received and replayed."

-- The functions of a primary raise on a standby; CASE keeps them from being called there.
with here as (
  select
    case when not in_recovery then pg_catalog.pg_current_wal_insert_lsn() end as inserted,
    case when not in_recovery then pg_catalog.pg_current_wal_lsn() end as written,
    case when not in_recovery then pg_catalog.pg_current_wal_flush_lsn() end as flushed,
    case when in_recovery then pg_catalog.pg_last_wal_receive_lsn() end as received,
    case when in_recovery then pg_catalog.pg_last_wal_replay_lsn() end as replayed
  from (
    select pg_catalog.pg_is_in_recovery() as in_recovery
  ) as server
),
place as (
  select
    pg_catalog.unnest(array['insert', 'write', 'flush', 'receive', 'replay']) as position,
    pg_catalog.unnest(array[inserted, written, flushed, received, replayed]) as lsn
  from here
)
select
  position,
  (lsn - '0/0'::pg_lsn)::int8 as lsn
from place
where lsn is not null
order by position
