"""Owns the stores whose rows hold more than one token: Spring Authorization Server and Authlib."""

from __future__ import annotations

from stores import EPOCH, UTC, Store, rows, states

_LIVE = """'{"metadata.token.invalidated":false,"metadata.token.claims":{"sub":"a"}}'"""
_DEAD = """'{"@class":"java.util.Map","metadata.token.invalidated":true}'"""
# A claim whose text looks like the mark of an invalidated token.
_FALSE_FRIEND = r"""'{"metadata.token.claims":{"x":"\"metadata.token.invalidated\":true"}}'"""


def _spring(token: str, *values: tuple[int, str]) -> str:
    """Return rows that hold this one token; values are of issued_at, expires_at, metadata."""
    columns = f"id, registered_client_id, principal_name, authorization_grant_type, {token}_issued_at,"
    columns += f" {token}_expires_at, {token}_metadata"
    return rows(
        "oauth2_authorization",
        columns,
        *((times, f"gen_random_uuid(), 'c1', 'ada', 'x', {UTC}, {value}") for times, value in values),
    )


_SOON, _PAST = f"{UTC} + interval '1 min'", f"{UTC} - interval '1 min'"
SPRING = Store(
    profile="spring-authorization-server",
    rows=_spring("access_token", (2, f"{_SOON}, {_LIVE}"), (3, f"{_PAST}, {_LIVE}"), (4, f"{_SOON}, {_DEAD}"))
    + _spring("access_token", (1, f"{_SOON}, null"), (1, f"{_SOON}, {_FALSE_FRIEND}"))
    + _spring("refresh_token", (5, f"{_SOON}, {_LIVE}"), (6, f"{_PAST}, {_DEAD}"))
    + _spring("oidc_id_token", (7, f"{_PAST}, {_LIVE}"))
    + _spring(
        "authorization_code", (2, f"{_SOON}, {_LIVE}"), (3, f"{_PAST}, {_LIVE}"), (4, f"{_PAST}, {_DEAD}")
    )
    + _spring("device_code", (1, f"{_SOON}, {_LIVE}"), (2, f"{_PAST}, {_DEAD}"), (3, f"{_SOON}, {_LIVE}"))
    + f"UPDATE oauth2_authorization SET user_code_metadata = {_DEAD} WHERE id IN (SELECT id FROM"
    f" oauth2_authorization WHERE device_code_metadata = {_LIVE} LIMIT 3);"
    # A row that holds three tokens at once, one in each state.
     + f"UPDATE oauth2_authorization SET refresh_token_issued_at = {UTC}, refresh_token_expires_at = {_SOON},"
    f" refresh_token_metadata = {_DEAD}, oidc_id_token_issued_at = {UTC}, oidc_id_token_expires_at = {_SOON}"
    " WHERE id = (SELECT min(id) FROM oauth2_authorization WHERE access_token_issued_at IS NOT NULL);"
    + rows(
        "oauth2_registered_client",
        "id, client_id, client_name, client_authentication_methods, authorization_grant_types, redirect_uris,"
        " scopes, client_settings, token_settings",
        (1, "'c1', 'web', 'W', '', 'refresh_token,authorization_code', 'https://a.example/cb', '', '', ''"),
        (1, "'c2', 'svc', 'S', '', 'client_credentials', null, '', '', ''"),
    )
    + rows("users", "username, password, enabled", (2, "'a' || n, 's', true"), (1, "'d' || n, 's', false")),
    states=states(
        access={"active": 4, "expired": 3, "revoked": 4},
        refresh={"active": 5, "revoked": 7},
        id={"active": 1, "expired": 7},
    ),
    summaries={
        "codes": [("expired", None, 3), ("pending", None, 2), ("used", None, 4)],
        "clients": [
            ("svc", ["client_credentials"], None, True),
            ("web", ["refresh_token", "authorization_code"], ["https://a.example/cb"], True),
        ],
        "users": [(None, False, 1), (None, True, 2)],
        "devices": [("approved", True, 3), ("denied", False, 2), ("pending", True, 1)],
    },
)

_METADATA = '{"redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code"]}'
AUTHLIB = Store(
    profile="authlib",
    rows=rows(
        "oauth2_client",
        "client_id, client_secret, client_id_issued_at, client_secret_expires_at, client_metadata",
        (
            1,
            f"'web', 's', {EPOCH}, 0, '{_METADATA}'",
        ),
        (1, f"'bare', 's', {EPOCH}, 0, null"),
    )
    + rows(
        "oauth2_token",
        "client_id, access_token, refresh_token, issued_at, expires_in, access_token_revoked_at,"
        " refresh_token_revoked_at",
        (2, f"'web', 'a' || n, null, {EPOCH} - 3500, 3600, 0, 0"),
        (3, f"'web', 'e' || n, 'r', {EPOCH} - 3700, 3600, 0, 0"),
        (4, f"'web', 'n' || n, 'r', {EPOCH} - 99999, 0, 0, 0"),
        (5, f"'web', 'r' || n, 'r', {EPOCH}, 3600, {EPOCH}, {EPOCH}"),
        (1, f"'web', 'h' || n, 'r', {EPOCH}, 3600, 0, {EPOCH}"),
    )
    + rows(
        "oauth2_code",
        "code, client_id, auth_time, code_challenge_method",
        (2, f"'p' || n, 'web', {EPOCH} - 290, 'S256'"),
        (3, f"'e' || n, 'web', {EPOCH} - 310, null"),
    ),
    states=states(access={"active": 7, "expired": 3, "revoked": 5}),
    summaries={
        "codes": [("expired", "none", 3), ("pending", "S256", 2)],
        "clients": [
            ("bare", None, None, True),
            ("web", ["authorization_code"], ["https://a.example/cb"], True),
        ],
    },
)
