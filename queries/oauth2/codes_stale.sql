-- help: Authorization codes that stay in the store though nobody can use them.
-- every: 5m
-- timeout: 2s
-- scope: database
-- over: [codes]
-- needs: {max_pages: 8000}
-- labels: []
-- metrics:
--   oauth2_authorization_codes_stale:
--     column: codes
--     type: gauge
--     help: "Authorization codes issued more than an hour ago."

select pg_catalog.count(*) as codes
from :codes as code
where coalesce(issued, expires) <= pg_catalog.now() - interval '1 hour'
