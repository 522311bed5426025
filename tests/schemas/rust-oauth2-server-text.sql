-- rust-oauth2-server as its first migrations made it: times in text, flags in integers.

CREATE TABLE clients (
    id text PRIMARY KEY,
    client_id text NOT NULL UNIQUE,
    client_secret text NOT NULL,
    redirect_uris text NOT NULL,
    grant_types text NOT NULL,
    scope text NOT NULL,
    name text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    enabled integer NOT NULL DEFAULT 1
);

CREATE TABLE users (
    id text PRIMARY KEY,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    email text NOT NULL,
    enabled integer NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL
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
    created_at text NOT NULL,
    expires_at text NOT NULL,
    revoked integer NOT NULL DEFAULT 0,
    token_family text
);

CREATE TABLE authorization_codes (
    id text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    client_id text NOT NULL REFERENCES clients (client_id),
    user_id text NOT NULL REFERENCES users (id),
    redirect_uri text NOT NULL,
    scope text NOT NULL,
    created_at text NOT NULL,
    expires_at text NOT NULL,
    used integer NOT NULL DEFAULT 0,
    code_challenge text,
    code_challenge_method text
);

CREATE TABLE device_authorizations (
    id text PRIMARY KEY,
    device_code text NOT NULL UNIQUE,
    user_code text NOT NULL UNIQUE,
    client_id text NOT NULL REFERENCES clients (client_id),
    scope text NOT NULL,
    created_at text NOT NULL,
    expires_at text NOT NULL,
    interval_seconds integer NOT NULL,
    approved integer NOT NULL DEFAULT 0,
    denied integer NOT NULL DEFAULT 0,
    used integer NOT NULL DEFAULT 0,
    user_id text
);
