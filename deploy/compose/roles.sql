-- The exporter's role. That it may read whole tables is for a toy: `pg-oauth-exporter grants` grants columns that hold no secret.
create role exporter login password 'exporter' connection limit 5;
grant pg_monitor to exporter;
grant pg_read_all_data to exporter;
create extension pg_stat_statements;
