-- help: Rules of pg_hba.conf by how they let somebody in.
-- every: 5m
-- timeout: 2s
-- needs: {function: pg_catalog.pg_hba_file_rules}
-- labels: [type, auth_method]
-- limit: 100
-- metrics:
--   pg_hba_rules:
--     column: rules
--     type: gauge
--     help: "Rules that begin like this; trust asks for no password, and error is a line that the server does not accept."

-- The file as it is now, which the server may not have read yet.
select
  coalesce(type, '') as type,
  case when error is null then coalesce(auth_method, '') else 'error' end as auth_method,
  pg_catalog.count(*) as rules
from pg_catalog.pg_hba_file_rules()
group by
  1,
  2
order by
  1,
  2
