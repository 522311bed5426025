-- help: Operations on the small caches of the server that hold what is known of transactions, multixacts and others.
-- every: 60s
-- timeout: 1s
-- labels: [name]
-- limit: 500
-- metrics:
--   pg_stat_slru_blks_zeroed_total:
--     column: blks_zeroed
--     type: counter
--     help: "Blocks of the small cache that were made anew."
--   pg_stat_slru_blks_hit_total:
--     column: blks_hit
--     type: counter
--     help: "Blocks that were found in the small cache."
--   pg_stat_slru_blks_read_total:
--     column: blks_read
--     type: counter
--     help: "Blocks that were not in the small cache and had to be read; many mean that it is too small."
--   pg_stat_slru_blks_written_total:
--     column: blks_written
--     type: counter
--     help: "Blocks of the small cache that were written."
--   pg_stat_slru_blks_exists_total:
--     column: blks_exists
--     type: counter
--     help: "Blocks that were looked for on disk without being read."
--   pg_stat_slru_flushes_total:
--     column: flushes
--     type: counter
--     help: "Times that all dirty blocks of the small cache were written."
--   pg_stat_slru_truncates_total:
--     column: truncates
--     type: counter
--     help: "Times that old blocks of the small cache were removed."

-- 17 gave the caches other names, which older versions get here, too. A cache that nothing was ever done with is
-- left out.
select
  coalesce(renamed.name, s.name) as name,
  s.blks_zeroed,
  s.blks_hit,
  s.blks_read,
  s.blks_written,
  s.blks_exists,
  s.flushes,
  s.truncates
from pg_catalog.pg_stat_slru as s
left join (
  values
    ('CommitTs', 'commit_timestamp'),
    ('MultiXactMember', 'multixact_member'),
    ('MultiXactOffset', 'multixact_offset'),
    ('Notify', 'notify'),
    ('Serial', 'serializable'),
    ('Subtrans', 'subtransaction'),
    ('Xact', 'transaction')
) as renamed (old, name)
  on renamed.old = s.name
where greatest(
    s.blks_zeroed,
    s.blks_hit,
    s.blks_read,
    s.blks_written,
    s.blks_exists,
    s.flushes,
    s.truncates
  ) > 0
order by
  s.blks_read desc,
  name
