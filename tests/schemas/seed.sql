-- The tables of the seed's database guide.

CREATE TABLE clients (
    client_id varchar(255) PRIMARY KEY,
    client_secret varchar(255) NOT NULL,
    client_name varchar(255) NOT NULL,
    redirect_uris text[] NOT NULL,
    grant_types text[] NOT NULL,
    scope varchar(1000),
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);

CREATE TABLE tokens (
    token_id uuid PRIMARY KEY,
    client_id varchar(255) REFERENCES clients (client_id),
    user_id varchar(255),
    token_type varchar(50) NOT NULL,
    access_token text NOT NULL,
    refresh_token text,
    scope varchar(1000),
    expires_at timestamp NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(),
    revoked_at timestamp
);

CREATE TABLE authorization_codes (
    code varchar(255) PRIMARY KEY,
    client_id varchar(255) REFERENCES clients (client_id),
    user_id varchar(255) NOT NULL,
    redirect_uri varchar(1000) NOT NULL,
    scope varchar(1000),
    code_challenge varchar(255),
    code_challenge_method varchar(10),
    expires_at timestamp NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(),
    used_at timestamp
);

CREATE TABLE users (
    user_id varchar(255) PRIMARY KEY,
    username varchar(255) UNIQUE NOT NULL,
    email varchar(255) UNIQUE NOT NULL,
    password_hash varchar(255),
    provider varchar(50),
    provider_user_id varchar(255),
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);

CREATE TABLE user_sessions (
    session_id uuid PRIMARY KEY,
    user_id varchar(255) REFERENCES users (user_id),
    session_token varchar(255) UNIQUE NOT NULL,
    ip_address inet,
    user_agent text,
    expires_at timestamp NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(),
    last_activity_at timestamp NOT NULL DEFAULT now()
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
