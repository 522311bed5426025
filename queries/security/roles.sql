-- help: Login roles by what they may do beyond their grants.
-- every: 5m
-- timeout: 2s
-- labels: [attribute]
-- metrics:
--   pg_roles:
--     column: roles
--     type: gauge
--     help: "Roles that may log in, by a right that they have; a new superuser or a password without an end shows here."

-- A superuser may do all: it counts as superuser alone. Whether a role has a password at all only superusers see.
with login as (
  select
    oid,
    rolsuper,
    rolcreaterole,
    rolcreatedb,
    rolreplication,
    rolbypassrls,
    -- Infinity is no end.
    coalesce(not pg_catalog.isfinite(rolvaliduntil), true) as is_without_end,
    rolvaliduntil < pg_catalog.now() as is_over
  from pg_catalog.pg_roles
  where rolcanlogin
)
select
  attribute,
  pg_catalog.count(oid) filter (where has_it) as roles
from login
cross join lateral (
  values
    ('login', true),
    ('superuser', rolsuper),
    ('createrole', rolcreaterole and not rolsuper),
    ('createdb', rolcreatedb and not rolsuper),
    ('replication', rolreplication and not rolsuper),
    ('bypassrls', rolbypassrls and not rolsuper),
    (
      'server_programs',
      not rolsuper and pg_catalog.pg_has_role(oid, 'pg_execute_server_program', 'member')
    ),
    (
      'server_files',
      not rolsuper
      and (
        pg_catalog.pg_has_role(oid, 'pg_read_server_files', 'member')
        or pg_catalog.pg_has_role(oid, 'pg_write_server_files', 'member')
      )
    ),
    ('password_without_expiry', is_without_end),
    ('password_expired', is_over)
) as attributes (attribute, has_it)
group by attribute
order by attribute
