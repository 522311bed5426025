-- help: Roles that may read or change tokens, besides those that own their tables.
-- every: 15m
-- timeout: 5s
-- scope: database
-- over: [tokens]
-- labels: [privilege]
-- metrics:
--   oauth2_token_privileges:
--     column: roles
--     type: gauge
--     help: "Roles that may log in and do this to some column of a table of tokens, besides its owners and superusers."

-- By membership and through PUBLIC, too; the OAuth2 server's own role counts unless it owns the tables. Of the
-- exporter's role the columns that it may read count as well.
with relation as (
  select
    c.oid,
    c.relowner,
    c.relnamespace
  from pg_catalog.pg_class as c
  where c.oid = any (:tokens_relations)
),
role as (
  select oid
  from pg_catalog.pg_roles
  where rolcanlogin
    and not rolsuper
  order by oid
  limit 2000
)
select
  privilege,
  pg_catalog.count(distinct role.oid) filter (
    where
      case
        when privilege in ('delete', 'truncate') then
          pg_catalog.has_table_privilege(role.oid, relation.oid, privilege)
        else pg_catalog.has_any_column_privilege(role.oid, relation.oid, privilege)
      end
      and pg_catalog.has_schema_privilege(role.oid, relation.relnamespace, 'usage')
      and not pg_catalog.pg_has_role(role.oid, relation.relowner, 'usage')
  ) as roles
from pg_catalog.unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as privilege
cross join relation
left join role
  on true
group by privilege
order by privilege
