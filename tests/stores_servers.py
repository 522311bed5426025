"""Owns the stores of the servers that are programs of their own: Hydra, Keycloak, Logto."""

from __future__ import annotations

from stores import EPOCH, UTC, Store, rows, states

_NID = "'00000000-0000-4000-8000-000000000001'"
_SOON, _PAST = f"{UTC} + interval '1 min'", f"{UTC} - interval '1 min'"


def _hydra(table: str, *values: tuple[int, str]) -> str:
    columns = "signature, client_id, nid, requested_at, expires_at, active"
    return rows(
        table, columns, *((times, f"gen_random_uuid(), 'web', {_NID}, {value}") for times, value in values)
    )


HYDRA = Store(
    profile="hydra",
    rows=_hydra(
        "hydra_oauth2_access",
        (2, f"{UTC}, {_SOON}, true"),
        (3, f"{UTC}, {_PAST}, true"),
        (4, f"{UTC}, {_SOON}, false"),
        # Rows from before there was expires_at: the lifespan is the default hour.
        (5, f"{UTC} - interval '59 min', null, true"),
        (6, f"{UTC} - interval '61 min', null, true"),
    )
    + _hydra(
        "hydra_oauth2_refresh",
        (7, f"{UTC} - interval '29 d', null, true"),
        (1, f"{UTC} - interval '31 d', null, true"),
        (2, f"{UTC}, {_PAST}, false"),
    )
    + _hydra(
        "hydra_oauth2_code",
        (2, f"{UTC}, {_SOON}, true"),
        (3, f"{UTC} - interval '11 min', null, true"),
        (4, f"{UTC}, {_PAST}, false"),
    )
    + rows(
        "hydra_client",
        "id, client_secret, nid, redirect_uris, grant_types",
        (1, f"""'web', 's', {_NID}, '["https://a.example/cb"]', '["authorization_code"]'"""),
        (1, f"'odd', 's', {_NID}, 'null', '{{}}'"),
    )
    + rows(
        "hydra_oauth2_authentication_session",
        "id, subject, nid, authenticated_at, expires_at",
        (2, f"'a' || n, 'ada', {_NID}, {UTC}, {_SOON}"),
        (3, f"'e' || n, 'ada', {_NID}, {UTC}, {_PAST}"),
    )
    + rows(
        "hydra_oauth2_device_auth_codes",
        "device_code_signature, user_code_signature, client_id, nid, expires_at, device_code_active,"
        " user_code_state",
        (1, f"'p' || n, 's', 'web', {_NID}, {_SOON}, true, 0"),
        (2, f"'a' || n, 's', 'web', {_NID}, {_SOON}, true, 1"),
        (3, f"'d' || n, 's', 'web', {_NID}, {_PAST}, true, 2"),
        (4, f"'u' || n, 's', 'web', {_NID}, {_PAST}, false, 1"),
    )
    + rows("hydra_oauth2_jti_blacklist", "signature, nid, expires_at", (2, f"'s' || n, {_NID}, {_SOON}")),
    states=states(
        access={"active": 7, "expired": 9, "used": 4}, refresh={"active": 7, "expired": 1, "used": 2}
    ),
    summaries={
        "codes": [("expired", None, 3), ("pending", None, 2), ("used", None, 4)],
        "clients": [
            ("odd", None, None, True),
            ("web", ["authorization_code"], ["https://a.example/cb"], True),
        ],
        "sessions": [(False, 3), (True, 2)],
        "devices": [("approved", True, 2), ("denied", False, 3), ("pending", True, 1), ("used", False, 4)],
        "denylist": [("jti", True, 2)],
    },
)

# Realm a: offline sessions idle for an hour, online ones for 10 minutes and at most an hour. Realm b: a day.
KEYCLOAK = Store(
    profile="keycloak",
    rows="INSERT INTO realm VALUES ('a', 60, 60, 'a', 600, 3600, 3600);"
    "INSERT INTO realm VALUES ('b', 60, 60, 'b', 86400, 86400, 86400);"
    + rows(
        "offline_user_session",
        "user_session_id, user_id, realm_id, created_on, offline_flag, last_session_refresh",
        (1, f"'a', 'u', 'a', {EPOCH} - 99999, '1', {EPOCH} - 3500"),
        (1, f"'e', 'u', 'a', {EPOCH} - 99999, '1', {EPOCH} - 3700"),
        (1, f"'b', 'u', 'b', {EPOCH} - 99999, '1', {EPOCH} - 3700"),
        (2, f"'on' || n, 'u', 'a', {EPOCH} - 3500, '0', {EPOCH} - 500"),
        (3, f"'idle' || n, 'u', 'a', {EPOCH} - 3500, '0', {EPOCH} - 700"),
        (4, f"'max' || n, 'u', 'a', {EPOCH} - 3700, '0', {EPOCH} - 500"),
        (1, f"'day' || n, 'u', 'b', {EPOCH} - 3700, '0', {EPOCH} - 700"),
    )
    + rows(
        "offline_client_session",
        "user_session_id, client_id, offline_flag, timestamp",
        (2, f"'a', 'c' || n, '1', {EPOCH}"),
        (3, f"'e', 'c' || n, '1', {EPOCH} - 3700"),
        (4, f"'b', 'c' || n, '1', {EPOCH} - 3700"),
        (1, f"'gone', 'c' || n, '1', {EPOCH} - 10"),
        (5, f"'on1', 'c' || n, '0', {EPOCH}"),
    )
    + rows(
        "client",
        "id, client_id, enabled, secret, service_accounts_enabled, standard_flow_enabled",
        (1, "'c1', 'web', true, 's', false, true"),
        (1, "'c2', 'svc', false, 's', true, false"),
    )
    + rows(
        "user_entity",
        "id, enabled, federation_link, created_timestamp",
        (2, f"'l' || n, true, null, {EPOCH} * 1000"),
        (1, f"'f' || n, false, 'ldap', {EPOCH} * 1000"),
    )
    + "INSERT INTO databasechangelog VALUES"
    " ('1', 'a', 'f', now() at time zone 'UTC' - interval '1 min', 1, 'EXECUTED'),"
    " ('2', 'a', 'f', now() at time zone 'UTC' - interval '1 min', 2, 'FAILED');",
    states=states(offline={"active": 6, "expired": 4}),
    summaries={
        "clients": [
            ("svc", ["client_credentials"], None, False),
            ("web", ["authorization_code"], None, True),
        ],
        "users": [("federated", False, 1), ("local", True, 2)],
        "sessions": [(False, 7), (True, 3)],
        "migrations": [("1", True, "liquibase", True), ("2", False, "liquibase", True)],
    },
)
LOGTO = Store(
    profile="logto",
    rows=rows(
        "oidc_model_instances",
        "tenant_id, model_name, id, payload, expires_at, consumed_at",
        (2, "'t', 'AccessToken', 'a' || n, '{}', now() + interval '1 min', null"),
        (3, "'t', 'AccessToken', 'b' || n, '{}', now() - interval '1 min', null"),
        (4, "'t', 'ClientCredentials', 'c' || n, '{}', now() + interval '1 min', null"),
        (5, "'t', 'RefreshToken', 'd' || n, '{}', now() + interval '14 d', null"),
        (6, "'t', 'RefreshToken', 'e' || n, '{}', now() + interval '14 d', now()"),
        (1, "'t', 'RefreshToken', 'f' || n, '{}', now() - interval '1 min', null"),
        (2, "'t', 'AuthorizationCode', 'g' || n, '{}', now() + interval '1 min', null"),
        (3, "'t', 'AuthorizationCode', 'h' || n, '{}', now() - interval '1 min', now()"),
        (2, "'t', 'Session', 'i' || n, '{}', now() + interval '1 min', null"),
        (1, "'t', 'Session', 'j' || n, '{}', now() - interval '1 min', null"),
        (1, "'t', 'DeviceCode', 'k' || n, '{}', now() - interval '1 min', null"),
        (2, "'t', 'DeviceCode', 'l' || n, '{}', now() + interval '1 min', now()"),
        (9, "'t', 'Grant', 'm' || n, '{}', now() + interval '14 d', null"),
        (9, "'t', 'Interaction', 'n' || n, '{}', now() + interval '1 h', null"),
    )
    + rows(
        "applications",
        "tenant_id, id, name, secret, type, oidc_client_metadata",
        (1, """'t', 'm2m', 'M', 's', 'MachineToMachine', '{"redirectUris": []}'"""),
        (1, """'t', 'spa', 'S', 's', 'SPA', '{"redirectUris": ["https://a.example/cb"]}'"""),
    )
    + rows("users", "tenant_id, id, is_suspended", (2, "'t', 'a' || n, false"), (1, "'t', 'd' || n, true")),
    states=states(access={"active": 6, "expired": 3}, refresh={"active": 5, "used": 6, "expired": 1}),
    summaries={
        "codes": [("pending", None, 2), ("used", None, 3)],
        "clients": [
            ("m2m", ["client_credentials"], [], True),
            ("spa", ["authorization_code", "refresh_token"], ["https://a.example/cb"], True),
        ],
        "users": [(None, False, 1), (None, True, 2)],
        "sessions": [(False, 1), (True, 2)],
        "devices": [("pending", False, 1), ("used", True, 2)],
    },
)
