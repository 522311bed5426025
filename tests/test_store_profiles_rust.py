"""Every metric over a store of rust-oauth2-server, in both its forms, is a count of what was put there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from exporter.override import Overrides
from servers import Server
from stores_meaning import (
    DAY,
    MIGRATIONS,
    Client,
    Content,
    Entry,
    Token,
    clients,
    codes,
    devices,
    tokens,
    users,
)
from stores_numbers import Meaning
from stores_pages import Case, Clock, flyway, inserts, quoted, text, tz

_ACCESS, _LATER_ACCESS = tokens("access", "revoked", never=False)
_REFRESH, _LATER_REFRESH = tokens("refresh", "revoked", never=False, times=20)
_CODES, _LATER_CODES = codes(600.0)
_USERS, _LATER_USERS = users("", off=True)


def paired(listed: Sequence[Token]) -> list[Token]:
    """Return refresh tokens, which live for 30 days, each with the access token of its row, of an hour."""
    return [
        one
        for token in listed
        for refresh in [replace(token, expires=token.issued + 30 * DAY)]
        for one in (refresh, replace(refresh, kind="access", expires=token.issued + 3600))
    ]


MEANING = Meaning(
    Content(
        [
            *_ACCESS,
            *paired(_REFRESH),
            *paired([Token("refresh", 200 - 30 * DAY, None, client="web", times=40)]),
        ],
        _CODES,
        clients(),
        _USERS,
        devices=devices("pending", "approved", "denied", "used"),
        denylist=[Entry("jti", 60.0, 1), Entry("jti", -60.0, 2), Entry("ip", None, 3), Entry("ip", -9.0, 4)],
        migrations=MIGRATIONS,
    ),
    Content([*_LATER_ACCESS, *paired(_LATER_REFRESH)], _LATER_CODES, users=_LATER_USERS),
    hides=("tokens.revoked_at", "codes.used_at", "users.provider", "sessions"),
)
TABLES = {
    "tokens": ["tokens"],
    "codes": ["authorization_codes"],
    "clients": ["clients"],
    "users": ["users"],
    "devices": ["device_authorizations"],
    "denylist": ["denylist"],
}
# What later migrations add, as they would in a store with times in text.
LATER_TABLES = """
CREATE TABLE denylist (
    id text PRIMARY KEY, kind text NOT NULL, value text NOT NULL, created_at text NOT NULL, expires_at text
);
CREATE TABLE flyway_schema_history (
    installed_rank integer, version text, description text, type text, script text, installed_by text,
    installed_on timestamp, execution_time integer, success boolean
);
"""


def _of_rows(listed: Sequence[Token]) -> list[Token]:
    """Return the token that stands for each row: not the access token that follows its refresh token."""
    before = ["", *(token.kind for token in listed)]
    return [token for token, last in zip(listed, before, strict=False) if last != "refresh"]


def _client(one: Client, clock: Clock, flag: dict[bool, str]) -> tuple[str, ...]:
    lists = (quoted(json.dumps(one.uris)), quoted(json.dumps(one.grants)))
    name, created = quoted(one.name), clock(one.created)
    return (name, name, "'s'", *lists, "''", name, created, created, flag[one.enabled])


def rust(content: Content, clock: Clock, flag: dict[bool, str]) -> str:
    """Return inserts of the content; the access token of a pair is in the row of its refresh token."""
    return (
        inserts(
            "clients",
            "id, client_id, client_secret, redirect_uris, grant_types, scope, name, created_at, updated_at,"
            " enabled",
            [(1, _client(one, clock, flag)) for one in content.clients],
        )
        + inserts(
            "users",
            "id, username, password_hash, email, created_at, updated_at, enabled",
            [
                (
                    1,
                    (
                        f"'{u.name}'",
                        f"'{u.name}'",
                        "'s'",
                        "''",
                        clock(u.created),
                        clock(0.0),
                        flag[u.enabled],
                    ),
                )
                for u in content.users
            ],
        )
        + inserts(
            "tokens",
            "id, access_token, token_type, expires_in, scope, client_id, user_id, created_at, expires_at,"
            " revoked, token_family",
            [
                (
                    t.times,
                    (
                        "gen_random_uuid()",
                        "gen_random_uuid()",
                        "'Bearer'",
                        "1",
                        "''",
                        *_token(t, clock, flag),
                    ),
                )
                for t in _of_rows(content.tokens)
            ],
        )
        + _rust_codes(content, clock, flag)
    )


def _rust_codes(content: Content, clock: Clock, flag: dict[bool, str]) -> str:
    return (
        inserts(
            "authorization_codes",
            "id, code, client_id, user_id, redirect_uri, scope, created_at, expires_at, used,"
            " code_challenge_method",
            [
                (
                    c.times,
                    (
                        *("gen_random_uuid()", "gen_random_uuid()", "'web'", "'1'", "''", "''"),
                        *(clock(c.issued), clock(c.expires), flag[c.state == "exchanged"], quoted(c.pkce)),
                    ),
                )
                for c in content.codes
            ],
        )
        + inserts(
            "device_authorizations",
            "id, device_code, user_code, client_id, scope, interval_seconds, created_at, expires_at,"
            " approved, denied, used",
            [
                (
                    d.times,
                    (
                        *("gen_random_uuid()", "gen_random_uuid()", "gen_random_uuid()", "'web'", "''", "5"),
                        *(clock(-1.0), clock(d.expires), flag[d.state in {"approved", "used"}]),
                        *(flag[d.state == "denied"], flag[d.state == "used"]),
                    ),
                )
                for d in content.devices
            ],
        )
        + inserts(
            "denylist",
            "id, kind, value, created_at, expires_at",
            [
                (e.times, ("gen_random_uuid()", quoted(e.kind), "'v'", clock(0.0), clock(e.expires)))
                for e in content.denylist
            ],
        )
        + flyway(content.migrations)
    )


def _token(token: Token, clock: Clock, flag: dict[bool, str]) -> tuple[str, ...]:
    paired = token.kind == "refresh"
    expires = token.issued + 3600 if paired else token.expires
    owner = (quoted(token.client), quoted(token.user))
    times = (clock(token.issued), clock(expires))
    return (*owner, *times, flag[token.gone == "revoked"], "'f'" if paired else "null")


NOW = Case(
    "rust-oauth2-server",
    MEANING,
    lambda content: rust(content, tz, {True: "true", False: "false"}),
    TABLES,
    never=["oauth2_tokens_without_expiry"],
    overrides=Overrides(schema="public", sources=["tokens.refresh"]),
)
BEFORE = replace(
    NOW,
    profile="rust-oauth2-server-text",
    fill=lambda content: rust(content, text, {True: "1", False: "0"}),
    extra=LATER_TABLES,
)


@pytest.mark.parametrize("case", [NOW, BEFORE], ids=lambda case: case.profile)
def test_every_number_over_rust_oauth2_server_is_a_count_of_its_rows(a_server: Server, case: Case) -> None:
    """In its form with times in text as in that of today; refresh tokens are those of a family."""
    case.check(a_server)
