"""Owns the stores of web frameworks' libraries: django-oauth-toolkit, Doorkeeper, Passport."""

from __future__ import annotations

from collections.abc import Mapping

from stores import EPOCH, UTC, Store, Summary, rows, states

DJANGO = Store(
    profile="django-oauth-toolkit",
    rows=rows(
        "oauth2_provider_application",
        "client_id, redirect_uris, client_type, authorization_grant_type, client_secret, name,"
        " skip_authorization, created, updated, algorithm, post_logout_redirect_uris, hash_client_secret,"
        " allowed_origins, registration_source",
        (
            1,
            (
                "'web', E'https://a.example/cb\\nhttp://b.example/cb ', 'public', 'authorization-code',"
                " 's', 'W', true, now(), now(), '', '', true, '', ''"
            ),
        ),
        (1, "'svc', '', 'public', 'client-credentials', 's', 'S', true, now(), now(), '', '', true, '', ''"),
    )
    + rows(
        "oauth2_provider_accesstoken",
        "token, token_checksum, expires, scope, application_id, created, updated, resource",
        (2, "'s', 's', now() + interval '1 min', '', 1, now(), now(), '[]'"),
        (3, "'s', 's', now() - interval '1 min', '', 1, now(), now(), '[]'"),
        (1, "'s', 's', now() - interval '3 h', '', null, now(), now(), '[]'"),
    )
    # Access tokens 1 and 3 have a live pair, 6 has one whose access token ended 3 hours ago.
    + rows(
        "oauth2_provider_refreshtoken",
        "token, token_checksum, access_token_id, application_id, user_id, created, updated, revoked,"
        " resource",
        (1, "'s', 's', 1, 1, 1, now(), now(), null, '[]'"),
        (1, "'s', 's', 3, 1, 1, now(), now(), null, '[]'"),
        (1, "'s', 's', 6, 1, 1, now(), now(), null, '[]'"),
        (4, "'s', 's', null, 1, 1, now() - interval '1 min', now(), null, '[]'"),
        (5, "'s', 's', null, 1, 1, now(), now(), now(), '[]'"),
    )
    + rows(
        "oauth2_provider_idtoken",
        "jti, expires, scope, created, updated",
        (2, "gen_random_uuid(), now() + interval '1 min', '', now(), now()"),
        (1, "gen_random_uuid(), now() - interval '1 min', '', now(), now()"),
    )
    + rows(
        "oauth2_provider_grant",
        "code, expires, redirect_uri, scope, application_id, user_id, created, updated, code_challenge,"
        " code_challenge_method, nonce, claims, resource",
        (2, "'s', now() + interval '1 min', '', '', 1, 1, now(), now(), 'c', 'S256', '', '', '[]'"),
        (3, "'s', now() - interval '1 min', '', '', 1, 1, now(), now(), '', '', '', '', '[]'"),
    )
    + rows(
        "oauth2_provider_devicegrant",
        "device_code, user_code, scope, interval, expires, status, client_id, last_checked",
        (1, "'a' || n, 'u', '', 5, now() + interval '1 min', 'authorized', 'web', now()"),
        (2, "'p' || n, 'u', '', 5, now() - interval '1 min', 'authorization-pending', 'web', now()"),
        (3, "'d' || n, 'u', '', 5, now() + interval '1 min', 'denied', 'web', now()"),
    )
    + rows(
        "auth_user",
        "password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined",
        (2, "'s', false, 'a' || n, '', '', '', false, true, now()"),
        (1, "'s', false, 'd' || n, '', '', '', false, false, now()"),
    )
    + rows(
        "django_session",
        "session_key, session_data, expire_date",
        (2, "'a' || n, 's', now() + interval '1 min'"),
        (3, "'e' || n, 's', now() - interval '1 min'"),
    )
    + "INSERT INTO django_migrations (app, name, applied) VALUES"
    " ('oauth2_provider', '0001_initial', now() - interval '1 min'), ('auth', '0001_initial', now());",
    # Without REFRESH_TOKEN_EXPIRE_SECONDS a refresh token lives on after its access token; an orphan does
    # not.
    states=states(
        access={"active": 2, "expired": 4},
        refresh={"active": 3, "expired": 4, "revoked": 5},
        id={"active": 2, "expired": 1},
    ),
    summaries={
        "codes": [("expired", "none", 3), ("pending", "S256", 2)],
        "clients": [
            ("svc", ["client_credentials"], None, True),
            ("web", ["authorization_code"], ["https://a.example/cb", "http://b.example/cb"], True),
        ],
        "users": [(None, False, 1), (None, True, 2)],
        "sessions": [(False, 3), (True, 2)],
        "devices": [("approved", True, 1), ("denied", True, 3), ("pending", False, 2)],
        "migrations": [("0001_initial", True, "django", True)],
    },
)

DOORKEEPER = Store(
    profile="doorkeeper",
    rows=rows(
        "oauth_applications",
        "name, uid, secret, redirect_uri, created_at, updated_at",
        (1, f"'Web', 'web', 's', E'https://a.example/cb\\r\\nurn:ietf:wg:oauth:2.0:oob', {UTC}, {UTC}"),
    )
    + rows(
        "oauth_access_tokens",
        "application_id, token, refresh_token, expires_in, created_at, revoked_at",
        (2, f"1, 'a' || n, null, 3600, {UTC} - interval '59 min', null"),
        (3, f"1, 'e' || n, null, 3600, {UTC} - interval '61 min', null"),
        (4, f"1, 'n' || n, 'rn' || n, null, {UTC} - interval '900 d', null"),
        (5, f"1, 'r' || n, 'rr' || n, 3600, {UTC}, {UTC} - interval '1 min'"),
        # Revocation that is still to come.
        (6, f"1, 'f' || n, 'rf' || n, 3600, {UTC}, {UTC} + interval '1 min'"),
        (7, f"1, 'g' || n, 'rg' || n, 3600, {UTC} - interval '2 h', {UTC} + interval '1 min'"),
    )
    + rows(
        "oauth_access_grants",
        "resource_owner_id, application_id, token, expires_in, redirect_uri, created_at, revoked_at,"
        " code_challenge_method",
        (2, f"1, 1, 'p' || n, 600, 'r', {UTC}, null, 'S256'"),
        (3, f"1, 1, 'e' || n, 600, 'r', {UTC} - interval '11 min', null, null"),
        (4, f"1, 1, 'u' || n, 600, 'r', {UTC}, {UTC}, 'plain'"),
    ),
    states=states(access={"active": 12, "expired": 10, "revoked": 5}),
    summaries={
        "codes": [("expired", "none", 3), ("pending", "S256", 2), ("used", "plain", 4)],
        "clients": [("web", None, ["https://a.example/cb", "urn:ietf:wg:oauth:2.0:oob"], True)],
    },
)

_CLIENT_A = "00000000-0000-4000-8000-00000000000a"
_CLIENT_B = "00000000-0000-4000-8000-00000000000b"
_PASSPORT_TOKENS = (
    rows(
        "oauth_access_tokens",
        "id, client_id, revoked, created_at, expires_at",
        (2, f"'a' || n, '{_CLIENT_A}', false, {UTC}, {UTC} + interval '1 min'"),
        (3, f"'e' || n, '{_CLIENT_A}', false, {UTC}, {UTC} - interval '1 min'"),
        (4, f"'r' || n, '{_CLIENT_A}', true, {UTC}, {UTC} + interval '1 h'"),
        (1, f"'n' || n, '{_CLIENT_B}', false, null, null"),
    )
    + rows(
        "oauth_refresh_tokens",
        "id, access_token_id, revoked, expires_at",
        (2, f"'a' || n, 'a' || n, false, {UTC} + interval '1 h'"),
        (3, f"'e' || n, 'purged', false, {UTC} - interval '1 min'"),
        (5, f"'r' || n, 'r' || n, true, {UTC} + interval '1 min'"),
    )
    + rows(
        "oauth_auth_codes",
        "id, user_id, client_id, revoked, expires_at",
        (2, f"'p' || n, 1, '{_CLIENT_A}', false, {UTC} + interval '1 min'"),
        (3, f"'e' || n, 1, '{_CLIENT_A}', false, {UTC} - interval '1 min'"),
        (4, f"'u' || n, 1, '{_CLIENT_A}', true, {UTC} - interval '1 min'"),
    )
    + rows("users", "name, email, password, created_at", (2, f"'n', 'a' || n, 's', {UTC}"))
    + rows(
        "sessions",
        "id, payload, last_activity",
        (2, f"'a' || n, 's', {EPOCH} - 7100"),
        (3, f"'e' || n, 's', {EPOCH} - 7300"),
    )
)
_PASSPORT_STATES = states(
    access={"active": 3, "expired": 3, "revoked": 4}, refresh={"active": 2, "expired": 3, "revoked": 5}
)
_PASSPORT_SUMMARIES: Mapping[str, Summary] = {
    "codes": [("expired", None, 3), ("pending", None, 2), ("used", None, 4)],
    "users": [(None, True, 2)],
    "sessions": [(False, 3), (True, 2)],
}

PASSPORT = Store(
    profile="passport",
    rows=_PASSPORT_TOKENS
    + rows(
        "oauth_clients",
        "id, name, secret, redirect_uris, grant_types, revoked",
        (1, f"""'{_CLIENT_A}', 'A', 's', '["https://a.example/cb"]', '["authorization_code"]', false"""),
        (1, f"'{_CLIENT_B}', 'B', 's', '[]', '[]', true"),
    )
    + rows(
        "oauth_device_codes",
        "id, client_id, user_code, scopes, revoked, user_approved_at, expires_at",
        (1, f"'p' || n, '{_CLIENT_A}', 'p' || n, '', false, null, {UTC} + interval '1 min'"),
        (2, f"'a' || n, '{_CLIENT_A}', 'a' || n, '', false, {UTC}, {UTC} + interval '1 min'"),
        (3, f"'u' || n, '{_CLIENT_A}', 'u' || n, '', true, {UTC}, {UTC} - interval '1 min'"),
    ),
    states=_PASSPORT_STATES,
    summaries={
        **_PASSPORT_SUMMARIES,
        "clients": [
            (_CLIENT_A, ["authorization_code"], ["https://a.example/cb"], True),
            (_CLIENT_B, [], [], False),
        ],
        "devices": [("approved", True, 2), ("pending", True, 1), ("used", False, 3)],
    },
)

PASSPORT_12 = Store(
    profile="passport",
    tables=("passport", "passport-12"),
    rows=_PASSPORT_TOKENS
    + rows(
        "oauth_clients",
        "id, name, secret, redirect, personal_access_client, password_client, revoked",
        (1, f"'{_CLIENT_A}', 'A', 's', 'https://a.example/cb,http://b.example', false, false, false"),
        (1, f"'{_CLIENT_B}', 'B', 's', '', true, false, true"),
    ),
    states=_PASSPORT_STATES,
    summaries={
        **_PASSPORT_SUMMARIES,
        "clients": [
            (
                _CLIENT_A,
                ["authorization_code", "client_credentials", "refresh_token"],
                ["https://a.example/cb", "http://b.example"],
                True,
            ),
            (_CLIENT_B, ["personal_access"], None, False),
        ],
    },
)
