-- help: What the server's shared memory is used for (PostgreSQL 15 and later).
-- every: 5m
-- timeout: 1s
-- needs: {version: 15}
-- labels: [name]
-- limit: 12
-- rest: true
-- metrics:
--   pg_shmem_allocated_bytes:
--     column: allocated
--     type: gauge
--     help: "Bytes of shared memory by use, the largest and the rest as _other (PostgreSQL 15 and later)."

-- Members of pg_read_all_stats may read it since 15. The server says NULL for what nobody uses.
select
  coalesce(name, '_free') as name,
  allocated_size as allocated
from pg_catalog.pg_shmem_allocations
order by
  (name is null) desc,
  allocated_size desc,
  name
