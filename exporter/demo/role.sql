-- The least-privileged role that the daemon connects as. Run by a superuser in the token store's database,
-- after the tables exist; the password is set apart from this file, so that no statement ever holds it.

-- The limit is a second lock on the door: whatever goes wrong, monitoring cannot use up the server's connections.
CREATE ROLE monitor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 8;

-- Reads all of pg_stat_activity, pg_settings, sizes and so on; reads no table.
GRANT pg_monitor TO monitor;

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO monitor', current_database());
END
$$;
GRANT USAGE ON SCHEMA public TO monitor;

-- Column by column: what metrics are made of, and nothing that is a secret or a person. Left out on purpose:
-- tokens.access_token, refresh_token, user_id; authorization_codes.code, code_challenge, user_id;
-- clients.client_secret; users.password_hash, username, email; user_sessions.session_token, ip_address.
-- ctid, the place of a row, is for counting a large table by samples of its blocks.
GRANT SELECT (token_type, expires_at, revoked_at, created_at, client_id, ctid) ON public.tokens TO monitor;
GRANT SELECT (client_id, code_challenge_method, expires_at, created_at, used_at) ON public.authorization_codes TO monitor;
GRANT SELECT (client_id, grant_types, redirect_uris, created_at, updated_at) ON public.clients TO monitor;
GRANT SELECT (user_id, provider, created_at) ON public.users TO monitor;
GRANT SELECT (user_id, expires_at, created_at, last_activity_at) ON public.user_sessions TO monitor;

-- Names and times of migrations: no secret in any column.
GRANT SELECT ON public.flyway_schema_history TO monitor;
