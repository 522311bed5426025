"""Every metric over the stores of Spring and Authlib, whose rows hold several tokens, is a count of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from exporter.override import Overrides
from servers import Server
from stores import rows
from stores_meaning import DAY, MIGRATIONS, Client, Content, Token, clients, codes, devices, tokens, users
from stores_numbers import Meaning
from stores_pages import Case, epoch, flyway, inserts, naive, quoted

KEY = "gen_random_uuid()"
_MARKS = {
    True: """'{"metadata.token.invalidated":true}'""",
    False: """'{"metadata.token.invalidated":false}'""",
}
_FLYWAY_TABLE = """
CREATE TABLE flyway_schema_history (
    installed_rank integer, version text, description text, type text, script text, installed_by text,
    installed_on timestamp, execution_time integer, success boolean
);
"""


def spring(content: Content) -> str:
    """Return inserts of the content, a row for each token; a used device code is in the row of its token."""
    groups = {"access": "access_token", "refresh": "refresh_token", "id": "oidc_id_token"}
    listed = [
        (t.times, groups[t.kind], t.client, t.user, t.issued, t.expires, t.gone == "revoked")
        for t in content.tokens
        if t.user != "device"
    ]
    listed += [
        (c.times, "authorization_code", "web", "1", c.issued, c.expires, c.used_at is not None)
        for c in content.codes
    ]
    return "".join(
        rows(
            "oauth2_authorization",
            "id, registered_client_id, principal_name, authorization_grant_type,"
            f" {group}_issued_at, {group}_expires_at, {group}_metadata",
            (
                times,
                f"{KEY}, 'id-{client}', '{user}', 'x', {naive(issued)}, {naive(expires)}, {_MARKS[dead]}",
            ),
        )
        for times, group, client, user, issued, expires, dead in listed
    ) + _spring_rest(content)


def _spring_rest(content: Content) -> str:
    return (
        inserts(
            "oauth2_authorization",
            "id, registered_client_id, principal_name, authorization_grant_type, device_code_issued_at,"
            " device_code_expires_at, device_code_metadata, user_code_metadata, access_token_issued_at,"
            " access_token_expires_at",
            [
                (
                    d.times,
                    (
                        *(KEY, "'id-web'", "'device'", "'x'", naive(-2.0), naive(d.expires)),
                        *(_MARKS[d.state in {"denied", "used"}], _MARKS[d.state != "pending"]),
                        *(
                            naive(-1.0 if d.state == "used" else None),
                            naive(99.0 if d.state == "used" else None),
                        ),
                    ),
                )
                for d in content.devices
            ],
        )
        + inserts(
            "oauth2_registered_client",
            "id, client_id, client_name, client_authentication_methods, authorization_grant_types,"
            " redirect_uris, scopes, client_settings, token_settings, client_id_issued_at",
            [
                (
                    1,
                    (
                        *(f"'id-{c.name}'", f"'{c.name}'", "'n'", "''", f"'{','.join(c.grants)}'"),
                        *(f"'{','.join(c.uris)}'", "''", "''", "''", naive(c.created)),
                    ),
                )
                for c in content.clients
            ],
        )
        + inserts(
            "users",
            "username, password, enabled",
            [(1, (f"'{u.name}'", "'s'", quoted(u.enabled))) for u in content.users],
        )
        + flyway(content.migrations)
    )


def _spring() -> Case:
    kinds = [
        tokens(kind, "revoked", times=times) for kind, times in (("access", 1), ("refresh", 15), ("id", 30))
    ]
    first, later = codes(600.0, pkce=False)
    first_users, later_users = users("")
    asked = devices("pending", "approved", "denied", "used")
    used = [Token("access", -1.0, 99.0, client="web", user="device", times=d.times) for d in asked[-1:]]
    meaning = Meaning(
        Content(
            [*(token for kind, _ in kinds for token in kind), *used],
            first,
            clients(off=False),
            first_users,
            devices=asked,
            migrations=MIGRATIONS,
        ),
        Content([token for _, kind in kinds for token in kind], later, users=later_users),
        hides=(
            *("tokens.revoked_at", "codes.used_at", "codes.pkce", "clients.enabled"),
            *("users.provider", "users.created", "sessions", "denylist"),
        ),
    )
    one = ["oauth2_authorization"]
    tables = {"tokens": one, "codes": one, "devices": one, "clients": ["oauth2_registered_client"]}
    tables |= {"users": ["users"]}
    return Case("spring-authorization-server", meaning, spring, tables, extra=_FLYWAY_TABLE)


def authlib(content: Content) -> str:
    """Return inserts of the content; each refresh token is in the row of the access token before it."""
    pairs = zip(content.tokens[::2], content.tokens[1::2], strict=True)
    return (
        inserts(
            "oauth2_token",
            "client_id, user_id, access_token, issued_at, expires_in, access_token_revoked_at,"
            " refresh_token_revoked_at",
            [
                (
                    a.times,
                    (
                        *(quoted(a.client), quoted(a.user), "'s'", epoch(a.issued)),
                        str(0 if a.expires is None else int(a.expires - a.issued)),
                        *("0" if t.gone_at is None else epoch(t.gone_at) for t in (a, r)),
                    ),
                )
                for a, r in pairs
            ],
        )
        + inserts(
            "oauth2_code",
            "code, client_id, auth_time, code_challenge_method",
            [(c.times, (KEY, "'web'", epoch(c.issued), quoted(c.pkce))) for c in content.codes],
        )
        + inserts(
            "oauth2_client",
            "client_id, client_id_issued_at, client_secret_expires_at, client_metadata",
            [(1, (f"'{c.name}'", epoch(c.created), "0", _metadata(c))) for c in content.clients],
        )
    )


def _metadata(client: Client) -> str:
    return quoted(json.dumps({"grant_types": client.grants, "redirect_uris": client.uris}))


def _both(listed: Sequence[Token], life: float | None) -> list[Token]:
    """Return access tokens, each with its refresh token; every second access token is revoked alone."""
    return [
        one
        for token in listed
        for kept in [token.times % 2 == 0]
        for one in (
            token,
            replace(
                token,
                kind="refresh",
                expires=None if life is None else token.issued + life,
                gone="" if kept else token.gone,
                gone_at=None if kept else token.gone_at,
            ),
        )
    ]


def _authlib(life: float | None) -> Case:
    """Return a store whose refresh tokens live so long, or for ever."""
    first, later = tokens("access", "revoked")
    first_codes, later_codes = codes(300.0, used=False)
    meaning = Meaning(
        Content(_both(first, life), first_codes, clients(off=False)),
        Content(_both(later, life), later_codes),
        hides=("clients.enabled", "codes.used_at", "users", "sessions", "devices", "denylist", "migrations"),
        revocations=("access", "refresh"),
    )
    tables = {"tokens": ["oauth2_token"], "codes": ["oauth2_code"], "clients": ["oauth2_client"]}
    overrides = Overrides(schema="public", sources=["tokens.refresh"], parameters={"refresh_ttl": life})
    return Case("authlib", meaning, authlib, tables, overrides=overrides)


CASES = {"spring": _spring(), "authlib": _authlib(30 * DAY), "authlib, no limit": _authlib(None)}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_number_over_rows_of_several_tokens_is_a_count_of_them(a_server: Server, case: Case) -> None:
    """A token counts by its own columns, whatever else its row holds."""
    case.check(a_server)
