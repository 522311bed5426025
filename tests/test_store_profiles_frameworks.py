"""Every metric over a store of django-oauth-toolkit or Doorkeeper is a count of what was put there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest

from exporter.override import Overrides
from servers import Server
from stores_meaning import (
    CLIENTS,
    DAY,
    SESSIONS,
    Content,
    Migration,
    Token,
    clients,
    codes,
    devices,
    tokens,
    users,
)
from stores_numbers import Meaning
from stores_pages import Case, inserts, naive, quoted, tz

KEY = "gen_random_uuid()"
_ROWS = count(1)
_OWNER = "application_id, user_id, created, updated"


def _app(name: str | None) -> str:
    """Return the key of a client, which is a number."""
    return str(CLIENTS.index(name) + 1) if name else "null"


def _django_tokens(content: Content) -> str:
    """Return inserts of tokens; a refresh token has the number of the access token before it."""
    made, last = "", 0
    for token in content.tokens:
        if token.kind != "refresh":
            last = next(_ROWS) * 1000
        cells: tuple[str, ...]
        owner = (_app(token.client), token.user or "0", tz(token.issued), tz(0.0))
        if token.kind == "access":
            cells = (f"{last} + n", "'s'", "'s'", tz(token.expires), "''", "'[]'", *owner)
            columns = f"id, token, token_checksum, expires, scope, resource, {_OWNER}"
        elif token.kind == "id":
            cells = (KEY, tz(token.expires), "''", *owner)
            columns = f"jti, expires, scope, {_OWNER}"
        else:
            cells = ("'s'", "'s'", f"{last} + n", tz(token.gone_at), "'[]'", *owner)
            columns = f"token, token_checksum, access_token_id, revoked, resource, {_OWNER}"
        made += inserts(f"oauth2_provider_{token.kind}token", columns, [(token.times, cells)])
    return made


def django(content: Content) -> str:
    """Return inserts of the content."""
    return (
        _django_tokens(content)
        + inserts(
            "oauth2_provider_grant",
            "code, expires, redirect_uri, scope, application_id, user_id, created, updated, code_challenge,"
            " code_challenge_method, nonce, claims, resource",
            [
                (
                    c.times,
                    (
                        *(KEY, tz(c.expires), "''", "''", "1", "1", tz(c.issued), tz(0.0)),
                        *("''", f"'{c.pkce or ''}'", "''", "''", "'[]'"),
                    ),
                )
                for c in content.codes
            ],
        )
        + inserts(
            "oauth2_provider_application",
            "id, client_id, redirect_uris, client_type, authorization_grant_type, client_secret, name,"
            " skip_authorization, created, updated, algorithm, post_logout_redirect_uris, hash_client_secret,"
            " allowed_origins, registration_source",
            [
                (
                    1,
                    (
                        *(_app(c.name), f"'{c.name}'", quoted(" ".join(c.uris)), "'public'"),
                        *(
                            quoted(c.grants[0].replace("_", "-")),
                            "'s'",
                            "'n'",
                            "true",
                            tz(c.created),
                            tz(0.0),
                        ),
                        *("''", "''", "true", "''", "''"),
                    ),
                )
                for c in content.clients
            ],
        )
        + _django_rest(content)
    )


def _django_rest(content: Content) -> str:
    states = {"pending": "authorization-pending", "approved": "authorized", "denied": "denied"}
    return (
        inserts(
            "auth_user",
            "id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
            " date_joined",
            [
                (1, (u.name, "'s'", "false", *["''"] * 4, "false", quoted(u.enabled), tz(u.created)))
                for u in content.users
            ],
        )
        + inserts(
            "django_session",
            "session_key, session_data, expire_date",
            [(s.times, (KEY, "''", tz(s.expires))) for s in content.sessions],
        )
        + inserts(
            "oauth2_provider_devicegrant",
            "device_code, user_code, scope, interval, expires, status, client_id, last_checked",
            [
                (d.times, (KEY, "'u'", "''", "5", tz(d.expires), quoted(states[d.state]), "'web'", tz(0.0)))
                for d in content.devices
            ],
        )
        + inserts(
            "django_migrations",
            "app, name, applied",
            [(1, ("'oauth2_provider'", quoted(m.version), tz(m.installed))) for m in content.migrations],
        )
    )


def _pairs(listed: Sequence[Token], life: float | None) -> list[Token]:
    """Return refresh tokens, each after its access token of an hour, which it outlives by `life`."""
    return [
        one
        for token in listed
        for ends in [token.issued + 3600]
        for one in (
            replace(token, kind="access", expires=ends, gone="", gone_at=None),
            replace(token, expires=None if life is None else ends + life),
        )
    ]


def _django(life: float | None) -> Case:
    """Return a store whose refresh tokens end so long after their access tokens, or never."""
    access, later_access = tokens("access", never=False)
    ids, later_ids = tokens("id", never=False, times=15)
    refresh, later_refresh = tokens("refresh", "revoked", times=30)
    first_codes, later_codes = codes(600.0, used=False)
    first_users, later_users = users("")
    meaning = Meaning(
        Content(
            [*access, *ids, *_pairs(refresh, life)],
            first_codes,
            clients(off=False),
            first_users,
            SESSIONS[0],
            devices("pending", "approved", "denied"),
            migrations=[Migration("0002_a", True, -9000.0), Migration("0001_b", True, -60.0)],
        ),
        Content(
            [*later_access, *later_ids, *_pairs(later_refresh, life)],
            later_codes,
            (),
            later_users,
            SESSIONS[1],
        ),
        hides=(
            *("codes.used_at", "clients.enabled", "users.provider", "sessions.created"),
            *("denylist", "migrations.success"),
        ),
        revocations=["refresh"],
    )
    tables = {
        "tokens": [f"oauth2_provider_{kind}token" for kind in ("access", "refresh", "id")],
        "codes": ["oauth2_provider_grant"],
        "clients": ["oauth2_provider_application"],
        "users": ["auth_user"],
        "sessions": ["django_session"],
        "devices": ["oauth2_provider_devicegrant"],
    }
    never = ["oauth2_tokens_without_expiry"] if life else []
    overrides = Overrides(schema="public", parameters={"refresh_ttl": life})
    return Case("django-oauth-toolkit", meaning, django, tables, never=never, overrides=overrides)


def doorkeeper(content: Content) -> str:
    """Return inserts of the content; a row is an access token and its refresh token."""
    return (
        inserts(
            "oauth_access_tokens",
            "application_id, resource_owner_id, token, expires_in, created_at, revoked_at",
            [
                (
                    t.times,
                    (
                        *(_app(t.client), quoted(t.user), KEY),
                        "null" if t.expires is None else str(int(t.expires - t.issued)),
                        *(naive(t.issued), naive(t.gone_at)),
                    ),
                )
                for t in content.tokens
                if t.kind == "access"
            ],
        )
        + inserts(
            "oauth_access_grants",
            "resource_owner_id, application_id, token, expires_in, redirect_uri, created_at, revoked_at,"
            " code_challenge_method",
            [
                (
                    c.times,
                    (
                        *("1", "1", KEY, str(int(c.expires - c.issued)), "''"),
                        *(naive(c.issued), naive(c.used_at), quoted(c.pkce)),
                    ),
                )
                for c in content.codes
            ],
        )
        + _doorkeeper_clients(content)
    )


def _doorkeeper_clients(content: Content) -> str:
    return inserts(
        "oauth_applications",
        "id, name, uid, secret, redirect_uri, created_at, updated_at",
        [
            (
                1,
                (
                    _app(c.name),
                    "'n'",
                    f"'{c.name}'",
                    "'s'",
                    quoted("\n".join(c.uris)),
                    naive(c.created),
                    naive(0.0),
                ),
            )
            for c in content.clients
        ],
    )


def _doorkeeper() -> Case:
    first, later = tokens("access", "revoked")
    first_codes, later_codes = codes(600.0)
    with_refresh = [
        [*part, *(replace(t, kind="refresh", expires=None) for t in part)] for part in (first, later)
    ]
    meaning = Meaning(
        Content(with_refresh[0], first_codes, clients(off=False)),
        Content(with_refresh[1], later_codes),
        hides=(
            *("clients.grant_types", "clients.enabled", "users", "sessions", "devices", "denylist"),
            "migrations",
        ),
        revocations=["access", "refresh"],
    )
    tables = {
        "tokens": ["oauth_access_tokens"],
        "codes": ["oauth_access_grants"],
        "clients": ["oauth_applications"],
    }
    overrides = Overrides(schema="public", sources=["tokens.refresh"])
    return Case("doorkeeper", meaning, doorkeeper, tables, overrides=overrides)


CASES = {
    "django-oauth-toolkit": _django(30 * DAY),
    "django-oauth-toolkit, no limit": _django(None),
    "doorkeeper": _doorkeeper(),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_number_over_a_library_s_store_is_a_count_of_its_rows(a_server: Server, case: Case) -> None:
    """And what its schema does not show is absent."""
    case.check(a_server)
