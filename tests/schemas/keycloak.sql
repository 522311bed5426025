-- Keycloak 26, the tables that matter here, by dumps of its schema.

CREATE TABLE realm (
    id varchar(36) PRIMARY KEY,
    access_code_lifespan integer,
    access_token_lifespan integer,
    name varchar(255),
    sso_idle_timeout integer,
    sso_max_lifespan integer,
    offline_session_idle_timeout integer
);

CREATE TABLE offline_user_session (
    user_session_id varchar(36) NOT NULL,
    user_id varchar(255) NOT NULL,
    realm_id varchar(36) NOT NULL,
    created_on integer NOT NULL,
    offline_flag varchar(4) NOT NULL,
    data text,
    last_session_refresh integer NOT NULL DEFAULT 0,
    broker_session_id varchar(1024),
    version integer DEFAULT 0,
    PRIMARY KEY (user_session_id, offline_flag)
);

CREATE TABLE offline_client_session (
    user_session_id varchar(36) NOT NULL,
    client_id varchar(255) NOT NULL,
    offline_flag varchar(4) NOT NULL,
    "timestamp" integer,
    data text,
    client_storage_provider varchar(36) NOT NULL DEFAULT 'local',
    external_client_id varchar(255) NOT NULL DEFAULT 'local',
    version integer DEFAULT 0,
    PRIMARY KEY (user_session_id, client_id, client_storage_provider, external_client_id, offline_flag)
);

CREATE TABLE client (
    id varchar(36) PRIMARY KEY,
    enabled boolean NOT NULL DEFAULT false,
    client_id varchar(255),
    public_client boolean NOT NULL DEFAULT false,
    secret varchar(255),
    realm_id varchar(36),
    service_accounts_enabled boolean NOT NULL DEFAULT false,
    registration_token varchar(255),
    standard_flow_enabled boolean NOT NULL DEFAULT true,
    implicit_flow_enabled boolean NOT NULL DEFAULT false,
    direct_access_grants_enabled boolean NOT NULL DEFAULT false
);

CREATE TABLE user_entity (
    id varchar(36) PRIMARY KEY,
    email varchar(255),
    enabled boolean NOT NULL DEFAULT false,
    federation_link varchar(255),
    realm_id varchar(255),
    username varchar(255),
    created_timestamp bigint,
    service_account_client_link varchar(255),
    not_before integer NOT NULL DEFAULT 0
);

CREATE TABLE databasechangelog (
    id varchar(255) NOT NULL,
    author varchar(255) NOT NULL,
    filename varchar(255) NOT NULL,
    dateexecuted timestamp NOT NULL,
    orderexecuted integer NOT NULL,
    exectype varchar(10) NOT NULL,
    md5sum varchar(35)
);
