-- rust-oauth2-server after its migrations V1 to V17, V9b included.

CREATE TABLE clients (
    id text PRIMARY KEY,
    client_id text NOT NULL UNIQUE,
    client_secret text NOT NULL,
    redirect_uris text NOT NULL,
    grant_types text NOT NULL,
    scope text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    enabled boolean NOT NULL DEFAULT true
);

CREATE TABLE users (
    id text PRIMARY KEY,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    email text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE tokens (
    id text PRIMARY KEY,
    access_token text NOT NULL UNIQUE,
    refresh_token text,
    token_type text NOT NULL,
    expires_in integer NOT NULL,
    scope text NOT NULL,
    client_id text NOT NULL REFERENCES clients (client_id),
    user_id text REFERENCES users (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked boolean NOT NULL DEFAULT false,
    token_family text
);

CREATE TABLE authorization_codes (
    id text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    client_id text NOT NULL REFERENCES clients (client_id),
    user_id text NOT NULL REFERENCES users (id),
    redirect_uri text NOT NULL,
    scope text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used boolean NOT NULL DEFAULT false,
    code_challenge text,
    code_challenge_method text
);

CREATE TABLE device_authorizations (
    id text PRIMARY KEY,
    device_code text NOT NULL UNIQUE,
    user_code text NOT NULL UNIQUE,
    client_id text NOT NULL REFERENCES clients (client_id),
    scope text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    interval_seconds integer NOT NULL,
    approved boolean NOT NULL DEFAULT false,
    denied boolean NOT NULL DEFAULT false,
    used boolean NOT NULL DEFAULT false,
    user_id text
);

CREATE TABLE denylist (
    id text PRIMARY KEY,
    kind text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL DEFAULT '',
    created_by text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    expires_at timestamptz
);

CREATE TABLE flyway_schema_history (
    installed_rank integer PRIMARY KEY,
    version varchar(50),
    description varchar(200) NOT NULL,
    type varchar(20) NOT NULL,
    script varchar(1000) NOT NULL,
    checksum integer,
    installed_by varchar(100) NOT NULL,
    installed_on timestamp NOT NULL DEFAULT now(),
    execution_time integer NOT NULL,
    success boolean NOT NULL
);
