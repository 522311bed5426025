-- Ory Hydra, the tables that matter here, by a dump of its current schema.

CREATE TABLE hydra_oauth2_access (
    signature varchar(255) PRIMARY KEY,
    request_id varchar(40) NOT NULL DEFAULT '',
    requested_at timestamp NOT NULL DEFAULT now(),
    client_id varchar(255) NOT NULL,
    scope text NOT NULL DEFAULT '',
    granted_scope text NOT NULL DEFAULT '',
    form_data text NOT NULL DEFAULT '',
    session_data text NOT NULL DEFAULT '',
    subject varchar(255) NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    requested_audience text DEFAULT '',
    granted_audience text DEFAULT '',
    challenge_id varchar(40),
    nid uuid NOT NULL,
    expires_at timestamp
);

CREATE TABLE hydra_oauth2_refresh (
    signature varchar(255) PRIMARY KEY,
    request_id varchar(40) NOT NULL DEFAULT '',
    requested_at timestamp NOT NULL DEFAULT now(),
    client_id varchar(255) NOT NULL,
    scope text NOT NULL DEFAULT '',
    granted_scope text NOT NULL DEFAULT '',
    form_data text NOT NULL DEFAULT '',
    session_data text NOT NULL DEFAULT '',
    subject varchar(255) NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    requested_audience text DEFAULT '',
    granted_audience text DEFAULT '',
    challenge_id varchar(40),
    nid uuid NOT NULL,
    expires_at timestamp,
    first_used_at timestamp,
    access_token_signature varchar(255),
    used_times integer
);

CREATE TABLE hydra_oauth2_code (
    signature varchar(255) PRIMARY KEY,
    request_id varchar(40) NOT NULL DEFAULT '',
    requested_at timestamp NOT NULL DEFAULT now(),
    client_id varchar(255) NOT NULL,
    scope text NOT NULL DEFAULT '',
    granted_scope text NOT NULL DEFAULT '',
    form_data text NOT NULL DEFAULT '',
    session_data text NOT NULL DEFAULT '',
    subject varchar(255) NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    requested_audience text DEFAULT '',
    granted_audience text DEFAULT '',
    challenge_id varchar(40),
    nid uuid NOT NULL,
    expires_at timestamp
);

CREATE TABLE hydra_oauth2_pkce (
    signature varchar(255) PRIMARY KEY,
    request_id varchar(40) NOT NULL DEFAULT '',
    requested_at timestamp NOT NULL DEFAULT now(),
    client_id varchar(255) NOT NULL,
    scope text NOT NULL DEFAULT '',
    granted_scope text NOT NULL DEFAULT '',
    form_data text NOT NULL DEFAULT '',
    session_data text NOT NULL DEFAULT '',
    subject varchar(255) NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    requested_audience text DEFAULT '',
    granted_audience text DEFAULT '',
    challenge_id varchar(40),
    nid uuid NOT NULL,
    expires_at timestamp
);

CREATE TABLE hydra_oauth2_oidc (
    signature varchar(255) PRIMARY KEY,
    request_id varchar(40) NOT NULL DEFAULT '',
    requested_at timestamp NOT NULL DEFAULT now(),
    client_id varchar(255) NOT NULL,
    scope text NOT NULL DEFAULT '',
    granted_scope text NOT NULL DEFAULT '',
    form_data text NOT NULL DEFAULT '',
    session_data text NOT NULL DEFAULT '',
    subject varchar(255) NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    requested_audience text DEFAULT '',
    granted_audience text DEFAULT '',
    challenge_id varchar(40),
    nid uuid NOT NULL,
    expires_at timestamp
);

CREATE TABLE hydra_client (
    id varchar(255) NOT NULL,
    client_name text NOT NULL DEFAULT '',
    client_secret text NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    registration_access_token_signature varchar(128) NOT NULL DEFAULT '',
    nid uuid NOT NULL,
    redirect_uris jsonb NOT NULL,
    grant_types jsonb NOT NULL,
    response_types jsonb NOT NULL DEFAULT '[]',
    rotated_secrets text NOT NULL DEFAULT '',
    PRIMARY KEY (id, nid)
);

CREATE TABLE hydra_oauth2_authentication_session (
    id varchar(40) PRIMARY KEY,
    authenticated_at timestamp,
    subject varchar(255) NOT NULL,
    remember boolean NOT NULL DEFAULT false,
    nid uuid NOT NULL,
    identity_provider_session_id varchar(40),
    expires_at timestamp
);

CREATE TABLE hydra_oauth2_device_auth_codes (
    device_code_signature varchar(255) NOT NULL,
    user_code_signature varchar(255) NOT NULL,
    request_id varchar(40) NOT NULL DEFAULT '',
    requested_at timestamp NOT NULL DEFAULT now(),
    client_id varchar(255) NOT NULL,
    session_data text NOT NULL DEFAULT '',
    device_code_active boolean NOT NULL DEFAULT true,
    user_code_state smallint NOT NULL DEFAULT 0,
    expires_at timestamp,
    nid uuid NOT NULL,
    PRIMARY KEY (device_code_signature, nid)
);

CREATE TABLE hydra_oauth2_jti_blacklist (
    signature varchar(64) NOT NULL,
    expires_at timestamp NOT NULL DEFAULT now(),
    nid uuid NOT NULL,
    PRIMARY KEY (signature, nid)
);
