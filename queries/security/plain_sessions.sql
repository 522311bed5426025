-- help: Sessions of other machines without TLS or GSSAPI encryption, by database and role.
-- every: 60s
-- timeout: 1s
-- labels: [datname, usename]
-- limit: 100
-- metrics:
--   pg_sessions_unencrypted:
--     column: sessions
--     type: gauge
--     help: "Sessions that came over the network without encryption: passwords and tokens can be read on the way."

-- The server's own addresses are left out: what comes from there leaves no machine. A pooler beside the server
-- hides how its clients came.
select
  a.datname,
  a.usename,
  pg_catalog.count(*) as sessions
from pg_catalog.pg_stat_activity as a
left join pg_catalog.pg_stat_ssl as s
  on s.pid = a.pid
left join pg_catalog.pg_stat_gssapi as g
  on g.pid = a.pid
where a.client_addr is not null
  and not a.client_addr <<= '127.0.0.0/8'
  and a.client_addr <> '::1'
  and a.client_addr is distinct from pg_catalog.inet_server_addr()
  and not coalesce(s.ssl, false)
  and not coalesce(g.encrypted, false)
  -- Without it the addresses of others are hidden, and none would be the wrong answer.
  and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by
  a.datname,
  a.usename
order by
  sessions desc,
  a.datname,
  a.usename
