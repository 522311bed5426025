-- Since 16 with logical slots, which a standby can have from then on.
select
  datname,
  confl_tablespace,
  confl_lock,
  confl_snapshot,
  confl_bufferpin,
  confl_deadlock,
  confl_active_logicalslot
from pg_catalog.pg_stat_database_conflicts
order by datname
