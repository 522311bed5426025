"""Every metric over a store of Passport, of version 13 and before, is a count of what was put there."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count

import pytest

from servers import Server
from stores_meaning import SESSIONS, Client, Content, clients, codes, devices, tokens, users
from stores_numbers import Meaning
from stores_pages import Case, epoch, inserts, naive, quoted

KEY = "gen_random_uuid()"
NAMES = [f"00000000-0000-4000-8000-00000000000{letter}" for letter in "abcde"]
_ROWS = count(1)
_NOW_COLUMNS = "redirect_uris, grant_types"
_BEFORE_COLUMNS = "redirect, personal_access_client, password_client"


def _tokens(content: Content) -> str:
    """Return inserts of tokens; a refresh token has the number of the access token before it."""
    made, number = "", 0
    for token in content.tokens:
        number = next(_ROWS) if token.kind == "access" else number
        cells: tuple[str, ...]
        key, revoked = f"'{number}/' || n", quoted(token.gone == "revoked")
        if token.kind == "access":
            columns = "id, client_id, user_id, revoked, created_at, expires_at"
            owner = (quoted(token.client) + "::uuid", quoted(token.user) + "::bigint")
            cells = (key, *owner, revoked, naive(token.issued), naive(token.expires))
        else:
            columns = "id, access_token_id, revoked, expires_at"
            cells = (key, key, revoked, naive(token.expires))
        made += inserts(f"oauth_{token.kind}_tokens", columns, [(token.times, cells)])
    return made


def _now(client: Client) -> tuple[str, ...]:
    return (quoted(json.dumps(client.uris)), quoted(json.dumps(client.grants)))


def _before(client: Client) -> tuple[str, ...]:
    flags = (client.grants == ["other"], client.grants == ["password", "refresh_token"])
    return (quoted(",".join(client.uris)), *map(quoted, flags))


def passport(content: Content, *, before: bool = False) -> str:
    """Return inserts of the content; `before`: as until version 12."""
    return (
        _tokens(content)
        + inserts(
            "oauth_auth_codes",
            "id, user_id, client_id, revoked, expires_at",
            [
                (c.times, (KEY, "1", f"'{NAMES[0]}'::uuid", quoted(c.used_at is not None), naive(c.expires)))
                for c in content.codes
            ],
        )
        + inserts(
            "oauth_clients",
            f"id, name, revoked, created_at, {_BEFORE_COLUMNS if before else _NOW_COLUMNS}",
            [
                (
                    1,
                    (
                        *(f"'{c.name}'::uuid", "'n'", quoted(not c.enabled), naive(c.created)),
                        *(_before(c) if before else _now(c)),
                    ),
                )
                for c in content.clients
            ],
        )
        + inserts(
            "users",
            "id, name, email, password, created_at",
            [(1, (u.name, "'n'", f"'{u.name}'", "'s'", naive(u.created))) for u in content.users],
        )
        + _passport_rest(content)
    )


def _passport_rest(content: Content) -> str:
    return inserts(
        "sessions",
        "id, payload, last_activity",
        [(s.times, (KEY, "''", epoch(s.expires - 7200))) for s in content.sessions],
    ) + inserts(
        "oauth_device_codes",
        "id, client_id, user_code, scopes, revoked, user_approved_at, expires_at",
        [
            (
                d.times,
                (
                    *(KEY, f"'{NAMES[0]}'::uuid", f"'{number}/' || n", "''", quoted(d.state == "used")),
                    *(f"({naive(approved)})::timestamp", naive(d.expires)),
                ),
            )
            for number, d in enumerate(content.devices)
            for approved in [None if d.state == "pending" else -1.0]
        ],
    )


def _case(*, before: bool) -> Case:
    access, later_access = tokens("access", "revoked", clients=NAMES)
    refresh, later_refresh = tokens("refresh", "revoked", times=20, clients=NAMES)
    first, later = [
        [one for token in part for one in (replace(token, kind="access", expires=token.issued + 90), token)]
        for part in (refresh, later_refresh)
    ]
    first_codes, later_codes = codes(600.0, pkce=False)
    first_users, later_users = users("", off=False)
    apps, asked = clients(NAMES), devices("pending", "approved", "used")
    if before:
        grants = [
            ["authorization_code", "client_credentials", "refresh_token"],
            ["password", "refresh_token"],
        ]
        grants += [["other"], ["other"], ["password", "refresh_token"]]
        apps, asked = [replace(one, grants=some) for one, some in zip(apps, grants, strict=True)], []
    meaning = Meaning(
        Content([*access, *first], first_codes, apps, first_users, SESSIONS[0], asked),
        Content([*later_access, *later], later_codes, users=later_users, sessions=SESSIONS[1]),
        hides=(
            *("codes.issued", "codes.used_at", "codes.pkce", "users.provider", "users.enabled"),
            *("sessions.created", "denylist", "migrations"),
        ),
    )
    tables = {
        "tokens": ["oauth_access_tokens", "oauth_refresh_tokens"],
        "codes": ["oauth_auth_codes"],
        "clients": ["oauth_clients"],
        "users": ["users"],
        "sessions": ["sessions"],
    } | ({} if before else {"devices": ["oauth_device_codes"]})
    schemas = ["passport", "passport-12"] if before else ["passport"]
    return Case("passport", meaning, lambda content: passport(content, before=before), tables, schemas)


@pytest.mark.parametrize("case", [_case(before=False), _case(before=True)], ids=["13", "12"])
def test_every_number_over_passport_is_a_count_of_its_rows(a_server: Server, case: Case) -> None:
    """And what its schema does not show is absent."""
    case.check(a_server)
