-- Logto, the tables that matter here.

CREATE TYPE application_type AS ENUM (
    'Native', 'SPA', 'Traditional', 'MachineToMachine', 'Protected', 'SAML'
);

CREATE TABLE oidc_model_instances (
    tenant_id varchar(21) NOT NULL,
    model_name varchar(64) NOT NULL,
    id varchar(128) PRIMARY KEY,
    payload jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz,
    UNIQUE (tenant_id, model_name, id)
);

CREATE TABLE applications (
    tenant_id varchar(21) NOT NULL,
    id varchar(21) PRIMARY KEY,
    name varchar(256) NOT NULL,
    secret varchar(64) NOT NULL,
    description text,
    type application_type NOT NULL,
    oidc_client_metadata jsonb NOT NULL,
    custom_client_metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    tenant_id varchar(21) NOT NULL,
    id varchar(12) PRIMARY KEY,
    username varchar(128),
    primary_email varchar(128),
    password_encrypted varchar(128),
    identities jsonb NOT NULL DEFAULT '{}',
    custom_data jsonb NOT NULL DEFAULT '{}',
    is_suspended boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
