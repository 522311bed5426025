-- help: Sequences that cannot be watched, because our role may not read them.
-- every: 5m
-- timeout: 2s
-- scope: database
-- metrics:
--   pg_sequences_unreadable:
--     column: unreadable
--     type: gauge
--     help: "Sequences without a used ratio, because our role has neither SELECT nor USAGE on them."

-- pg_monitor does not give that right; pg_read_all_data does, and so does GRANT SELECT ON ALL SEQUENCES.
select
  pg_catalog.count(*) as unreadable
from pg_catalog.pg_class
where relpersistence <> 't'
  -- The function fails for what is no sequence, and conditions have no order.
  and case when relkind = 'S' then not pg_catalog.has_sequence_privilege(oid, 'USAGE, SELECT') end
