-- help: Client sessions by how their connection is encrypted.
-- every: 60s
-- timeout: 1s
-- labels: [datname, encryption, version]
-- limit: 2000
-- metrics:
--   pg_stat_activity_encryption_sessions:
--     column: sessions
--     type: gauge
--     help: "Client sessions over TLS (tls), GSSAPI (gss), a Unix socket (local) or an unencrypted network connection (none)."

-- The view of GSSAPI tells of authentication and of encryption; only the latter counts here.
select
  a.datname,
  case
    when a.client_port = -1 then 'local'
    when s.ssl then 'tls'
    when g.encrypted then 'gss'
    else 'none'
  end as encryption,
  s.version,
  pg_catalog.count(*) as sessions
from pg_catalog.pg_stat_activity as a
left join pg_catalog.pg_stat_ssl as s
  on s.pid = a.pid
left join pg_catalog.pg_stat_gssapi as g
  on g.pid = a.pid
where a.backend_type = 'client backend'
  and a.pid <> pg_catalog.pg_backend_pid()
  -- Without it addresses and encryption of other roles' sessions are hidden.
  and pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
group by
  a.datname,
  encryption,
  s.version
order by
  sessions desc,
  a.datname,
  encryption,
  s.version
