-- help: Texts of the statements that took most time, to tell what an identifier stands for.
-- every: 15m
-- timeout: 20s
-- needs: {extension: pg_stat_statements, library: pg_stat_statements}
-- labels: [queryid, query]
-- limit: 200
-- metrics:
--   pg_stat_statements_text_info:
--     column: present
--     type: gauge
--     help: "Always 1; the labels hold the identifier and the beginning of the text of a statement."

-- Commands that are no queries are left out: they may hold a password, and are not free of values before 16.
-- The server puts $1 where a value was, but not when the statement was thrown out meanwhile: hence once more.
-- A statement that several roles or databases run under one identifier is shown once.
select distinct on (max_seconds, queryid)
  queryid::text as queryid,
  pg_catalog.left(pg_catalog.btrim(pg_catalog.regexp_replace(
    pg_catalog.regexp_replace(
      pg_catalog.regexp_replace(
        pg_catalog.regexp_replace(
          pg_catalog.regexp_replace(plain, '\$([A-Za-z_]*)\$.*?\$\1\$', '?', 'g'),
          '[eE]''(?:[^''\\]|\\.|'''')*''|''(?:[^'']|'''')*''', '?', 'g'
        ),
        -- A quote that is left belongs to something that was not understood.
        '''.*', '?'
      ),
      '(?<![$\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', '?', 'g'
    ),
    '\s+', ' ', 'g'
  )), 200) as query,
  1 as present
from (
  select
    queryid,
    -- A comment may name a request or a user. In one expression with | the first part would be greedy.
    pg_catalog.regexp_replace(
      pg_catalog.regexp_replace(query, '/\*.*?\*/', ' ', 'g'), '--[^\n]*', ' ', 'g'
    ) as plain,
    pg_catalog.max(total_exec_time) over (partition by queryid) as max_seconds
  from :extension_schema.pg_stat_statements(true)
  where pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
    and queryid is not null
) as statement
where plain ~* '^[\s(]*(?:select|insert|update|delete|merge|with|values)\M'
order by
  max_seconds desc,
  queryid
limit 200
