"""Owns the stores of the seed and of rust-oauth2-server, in both its forms."""

from __future__ import annotations

from collections.abc import Mapping

from stores import FLYWAY, JSON_LISTS, MIGRATED, UTC, Store, Summary, iso, rows, states

SEED = Store(
    profile="seed",
    rows=rows(
        "clients",
        "client_id, client_secret, client_name, redirect_uris, grant_types",
        (1, "'web', 's', 'Web', array['https://a.example/cb'], array['authorization_code']"),
        (1, "'cli', 's', 'Cli', array[]::text[], array['client_credentials', 'password']"),
    )
    + rows(
        "tokens",
        "token_id, client_id, token_type, access_token, created_at, expires_at, revoked_at",
        (3, f"gen_random_uuid(), 'web', 'access', 's', {UTC}, {UTC} + interval '1 h', null"),
        (2, f"gen_random_uuid(), 'web', 'Bearer', 's', {UTC}, {UTC} + interval '1 min', null"),
        (5, f"gen_random_uuid(), 'web', 'ACCESS_TOKEN', 's', {UTC}, {UTC} - interval '1 min', null"),
        (7, f"gen_random_uuid(), null, 'access', 's', {UTC}, {UTC} + interval '1 h', {UTC}"),
        (1, f"gen_random_uuid(), null, 'access', 's', {UTC}, {UTC} - interval '1 h', {UTC}"),
        (4, f"gen_random_uuid(), 'cli', 'refresh', 's', {UTC}, {UTC} + interval '30 d', null"),
        (2, f"gen_random_uuid(), 'cli', 'Refresh_Token', 's', {UTC}, {UTC} - interval '3 h', null"),
        (6, f"gen_random_uuid(), 'cli', 'id_token', 's', {UTC}, 'infinity', null"),
        (9, f"gen_random_uuid(), 'cli', 'mac', 's', {UTC}, {UTC} + interval '1 h', null"),
    )
    + rows(
        "authorization_codes",
        "code, client_id, user_id, redirect_uri, code_challenge_method, expires_at, used_at",
        (2, f"'p' || n, 'web', 'u', 'r', 'S256', {UTC} + interval '1 min', null"),
        (3, f"'e' || n, 'web', 'u', 'r', 'plain', {UTC} - interval '1 min', null"),
        (4, f"'u' || n, 'web', 'u', 'r', null, {UTC} - interval '1 min', {UTC} - interval '2 min'"),
        (1, f"'x' || n, 'web', 'u', 'r', 's512', {UTC} + interval '1 min', null"),
    )
    + rows(
        "users",
        "user_id, username, email, provider",
        (2, "'g' || n, 'g' || n, 'g' || n, 'google'"),
        (3, "'l' || n, 'l' || n, 'l' || n, null"),
    )
    + rows(
        "user_sessions",
        "session_id, session_token, expires_at",
        (2, f"gen_random_uuid(), 'a' || n, {UTC} + interval '1 min'"),
        (5, f"gen_random_uuid(), 'e' || n, {UTC} - interval '3 h'"),
    )
    + FLYWAY,
    states=states(
        access={"active": 5, "expired": 5, "revoked": 8},
        refresh={"active": 4, "expired": 2},
        id={"active": 6},
        other={"active": 9},
    ),
    summaries={
        "codes": [
            ("expired", "plain", 3),
            ("pending", "S256", 2),
            ("pending", "other", 1),
            ("used", "none", 4),
        ],
        "clients": [
            ("cli", ["client_credentials", "password"], [], True),
            ("web", ["authorization_code"], ["https://a.example/cb"], True),
        ],
        "users": [("google", True, 2), (None, True, 3)],
        "sessions": [(False, 5), (True, 2)],
        "migrations": MIGRATED,
    },
)

_LISTS = """'["https://a.example/cb", "http://b.example/*"]', '["authorization_code", "refresh_token"]'"""
_CLIENT = "id, client_id, client_secret, redirect_uris, grant_types, scope, name, created_at, updated_at"
_USER = "id, username, password_hash, email, created_at, updated_at, enabled"
_TOKEN = (
    "id, access_token, refresh_token, token_type, expires_in, scope, client_id, created_at, expires_at,"
    " revoked"
)
_CODE = (
    "id, code, client_id, user_id, redirect_uri, scope, created_at, expires_at, used, code_challenge_method"
)
_DEVICE = (
    "id, device_code, user_code, client_id, scope, interval_seconds, created_at, expires_at,"
    " approved, denied, used"
)


def _rust(now: str, soon: str, past: str, no: str, yes: str) -> str:
    """Return the rows that both forms have; times and flags as SQL of that form."""
    return (
        rows("clients", _CLIENT, (1, f"'c1', 'web', 's', {_LISTS}, 'r', 'Web', {now}, {now}"))
        + rows("clients", _CLIENT, (1, f"'c2', 'broken', 's', '', '', 'r', 'Broken', {now}, {now}"))
        + rows(
            "users",
            _USER,
            (3, f"'u' || n, 'u' || n, 'h', 'e', {now}, {now}, {yes}"),
            (1, f"'d' || n, 'd' || n, 'h', 'e', {now}, {now}, {no}"),
        )
        + rows(
            "authorization_codes",
            _CODE,
            (2, f"'p' || n, 'p' || n, 'web', 'u1', 'r', 's', {now}, {soon}, {no}, 'S256'"),
            (3, f"'e' || n, 'e' || n, 'web', 'u1', 'r', 's', {now}, {past}, {no}, ''"),
            (4, f"'u' || n, 'u' || n, 'web', 'u1', 'r', 's', {now}, {past}, {yes}, 'plain'"),
        )
        + rows(
            "device_authorizations",
            _DEVICE,
            (1, f"'p' || n, 'dp' || n, 'up' || n, 'web', 's', 5, {now}, {soon}, {no}, {no}, {no}"),
            (2, f"'x' || n, 'dx' || n, 'ux' || n, 'web', 's', 5, {now}, {past}, {no}, {no}, {no}"),
            (3, f"'a' || n, 'da' || n, 'ua' || n, 'web', 's', 5, {now}, {soon}, {yes}, {no}, {no}"),
            (4, f"'d' || n, 'dd' || n, 'ud' || n, 'web', 's', 5, {now}, {soon}, {no}, {yes}, {no}"),
            (5, f"'u' || n, 'du' || n, 'uu' || n, 'web', 's', 5, {now}, {past}, {yes}, {no}, {yes}"),
        )
    )


_RUST_SUMMARIES: Mapping[str, Summary] = {
    "codes": [("expired", "none", 3), ("pending", "S256", 2), ("used", "plain", 4)],
    "clients": JSON_LISTS,
    "users": [(None, False, 1), (None, True, 3)],
    "devices": [
        ("approved", True, 3),
        ("denied", True, 4),
        ("pending", False, 2),
        ("pending", True, 1),
        ("used", False, 5),
    ],
}

RUST = Store(
    profile="rust-oauth2-server",
    rows=_rust("now()", "now() + interval '1 min'", "now() - interval '1 min'", "false", "true")
    + rows(
        "tokens",
        _TOKEN,
        (2, "'a' || n, 'a' || n, null, 'Bearer', 3600, 's', 'web', now(), now() + interval '1 min', false"),
        (3, "'e' || n, 'e' || n, 'r', 'Bearer', 3600, 's', 'web', now(), now() - interval '1 min', false"),
        (4, "'r' || n, 'r' || n, 'r', 'Bearer', 3600, 's', 'web', now(), now() + interval '1 h', true"),
        (5, "'x' || n, 'x' || n, 'r', 'Bearer', 3600, 's', 'web', now(), now() - interval '1 h', true"),
    )
    # Of a family: one row of each state, and one whose refresh token is over, too.
    + "UPDATE tokens SET token_family = 'f' WHERE id IN ('a1', 'e1', 'e2', 'r1');"
    + "UPDATE tokens SET created_at = now() - interval '31 d' WHERE id = 'e2';"
    + "INSERT INTO denylist (id, kind, value, created_at, expires_at)"
    " VALUES ('1', 'ip', 'v', now(), null), ('2', 'ip', 'w', now(), now() - interval '1 min');" + FLYWAY,
    states=states(access={"active": 2, "expired": 3, "revoked": 9}),
    summaries={
        **_RUST_SUMMARIES,
        "denylist": [("ip", False, 1), ("ip", True, 1)],
        "migrations": MIGRATED,
    },
)


def _text(name: str, expires: str, revoked: str = "0") -> str:
    return f"'{name}' || n, '{name}' || n, null, 'Bearer', 60, 's', 'web', {iso('0')}, {expires}, {revoked}"


RUST_TEXT = Store(
    profile="rust-oauth2-server-text",
    rows=_rust(iso("0"), iso("1 min", "Z"), iso("-1 min", ""), "0", "1")
    + rows(
        "tokens",
        _TOKEN,
        (1, _text("a", iso("1 min"))),
        (1, _text("b", iso("1 min", ""))),
        (1, _text("c", iso("1 min", "Z"))),
        (1, _text("d", iso("1 min", "-05:00"))),
        (2, _text("e", iso("-1 min"))),
        (2, _text("f", iso("-1 min", ""))),
        (3, _text("g", iso("-1 min", "-05:00"))),
        (5, _text("h", iso("1 min"), "1")),
        (1, _text("i", "'soon'")),
    ),
    # What is no time at all never expires as far as anybody can tell.
    states=states(access={"active": 5, "expired": 7, "revoked": 5}),
    summaries=_RUST_SUMMARIES,
)
