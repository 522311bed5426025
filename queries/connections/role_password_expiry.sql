-- help: When the passwords of login roles end.
-- every: 5m
-- timeout: 1s
-- labels: [rolname]
-- metrics:
--   pg_role_password_expiry_timestamp_seconds:
--     column: expiry
--     type: gauge
--     help: "When the password of a login role ends, in seconds since 1970; absent for one without an end."

select
  rolname,
  extract(epoch from rolvaliduntil)::float8 as expiry
from pg_catalog.pg_roles
where rolcanlogin
  and pg_catalog.isfinite(rolvaliduntil)
order by expiry
