"""Every metric over a store of Hydra or Logto is a count of what was put there."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from servers import Server
from stores import rows
from stores_meaning import (
    SESSIONS,
    Content,
    Entry,
    clients,
    codes,
    devices,
    tokens,
    users,
)
from stores_numbers import Meaning
from stores_pages import Case, inserts, naive, quoted, tz

KEY = "gen_random_uuid()"
_NID = f"'{'0' * 8}-0000-4000-8000-{'0' * 12}'"
_TRUE = {True: "true", False: "false"}


def hydra(content: Content) -> str:
    """Return inserts of the content; a token or code that was used is inactive."""
    listed = [
        (f"hydra_oauth2_{t.kind}", t.times, t.client, t.user, t.issued, t.expires, not t.gone)
        for t in content.tokens
    ]
    listed += [
        ("hydra_oauth2_code", c.times, "web", "1", c.issued, c.expires, c.used_at is None)
        for c in content.codes
    ]
    return "".join(
        rows(
            table,
            "signature, client_id, nid, subject, requested_at, expires_at, active",
            (
                times,
                f"{KEY}, '{client}', {_NID}, '{user}', {naive(issued)}, {naive(expires)}, {_TRUE[active]}",
            ),
        )
        for table, times, client, user, issued, expires, active in listed
    ) + _hydra_rest(content)


def _hydra_rest(content: Content) -> str:
    user_states = {"pending": "0", "approved": "1", "denied": "2", "used": "1"}
    return (
        inserts(
            "hydra_client",
            "id, client_secret, nid, redirect_uris, grant_types, created_at",
            [
                (
                    1,
                    (
                        *(f"'{c.name}'", "'s'", _NID, quoted(json.dumps(c.uris))),
                        *(quoted(json.dumps(c.grants)), naive(c.created)),
                    ),
                )
                for c in content.clients
            ],
        )
        + inserts(
            "hydra_oauth2_authentication_session",
            "id, subject, nid, authenticated_at, expires_at",
            [(s.times, (KEY, "'1'", _NID, naive(s.created), naive(s.expires))) for s in content.sessions],
        )
        + inserts(
            "hydra_oauth2_device_auth_codes",
            "device_code_signature, user_code_signature, client_id, nid, expires_at, device_code_active,"
            " user_code_state",
            [
                (
                    d.times,
                    (
                        *(KEY, KEY, "'web'", _NID, naive(d.expires)),
                        *(_TRUE[d.state != "used"], user_states[d.state]),
                    ),
                )
                for d in content.devices
            ],
        )
        + inserts(
            "hydra_oauth2_jti_blacklist",
            "signature, nid, expires_at",
            [(e.times, (KEY, _NID, naive(e.expires))) for e in content.denylist],
        )
    )


def _hydra() -> Case:
    access, later_access = tokens("access", "used", never=False)
    refresh, later_refresh = tokens("refresh", "used", never=False, times=20)
    first, later = codes(600.0, pkce=False)
    meaning = Meaning(
        Content(
            [*access, *refresh],
            first,
            clients(off=False),
            sessions=SESSIONS[0],
            devices=devices("pending", "approved", "denied", "used"),
            denylist=[Entry("jti", 60.0, 2), Entry("jti", -60.0, 3)],
        ),
        Content([*later_access, *later_refresh], later, sessions=SESSIONS[1]),
        hides=("users", "migrations", "codes.used_at", "codes.pkce", "clients.enabled"),
    )
    tables = {
        "tokens": ["hydra_oauth2_access", "hydra_oauth2_refresh"],
        "codes": ["hydra_oauth2_code"],
        "clients": ["hydra_client"],
        "sessions": ["hydra_oauth2_authentication_session"],
        "devices": ["hydra_oauth2_device_auth_codes"],
        "denylist": ["hydra_oauth2_jti_blacklist"],
    }
    # A row without an expiry has that of the configuration.
    return Case("hydra", meaning, hydra, tables, never=["oauth2_tokens_without_expiry"])


def logto(content: Content) -> str:
    """Return inserts of the content; every second access token is one of client credentials."""
    models = {"access": ("AccessToken", "ClientCredentials"), "refresh": ("RefreshToken", "RefreshToken")}
    listed = [
        (t.times, models[t.kind][t.times % 2], t.expires, -1.0 if t.gone else None) for t in content.tokens
    ]
    listed += [(c.times, "AuthorizationCode", c.expires, c.used_at) for c in content.codes]
    listed += [(s.times, "Session", s.expires, None) for s in content.sessions]
    listed += [
        (d.times, "DeviceCode", d.expires, -1.0 if d.state == "used" else None) for d in content.devices
    ]
    types = {"client_credentials": "MachineToMachine", "authorization_code": "SPA"}
    return (
        inserts(
            "oidc_model_instances",
            "tenant_id, model_name, id, payload, expires_at, consumed_at",
            [
                (times, ("'t'", f"'{model}'", KEY, "'{}'", tz(expires), tz(used)))
                for times, model, expires, used in listed
            ],
        )
        + inserts(
            "applications",
            "tenant_id, id, name, secret, type, oidc_client_metadata, created_at",
            [
                (
                    1,
                    (
                        *("'t'", f"'{c.name}'", "'n'", "'s'", f"'{types[c.grants[0]]}'::application_type"),
                        *(quoted(json.dumps({"redirectUris": c.uris})) + "::jsonb", tz(c.created)),
                    ),
                )
                for c in content.clients
            ],
        )
        + inserts(
            "users",
            "tenant_id, id, is_suspended, created_at",
            [(1, ("'t'", f"'{u.name}'", _TRUE[not u.enabled], tz(u.created))) for u in content.users],
        )
    )


def _logto() -> Case:
    access, later_access = tokens("access", "used", never=False)
    refresh, later_refresh = tokens("refresh", "used", never=False, times=20)
    first, later = codes(600.0, pkce=False)
    first_users, later_users = users("")
    both = ("authorization_code", "refresh_token")
    apps = [
        replace(c, grants=both if "authorization_code" in c.grants else c.grants) for c in clients(off=False)
    ]
    meaning = Meaning(
        Content([*access, *refresh], first, apps, first_users, SESSIONS[0], devices("pending", "used")),
        Content([*later_access, *later_refresh], later, users=later_users, sessions=SESSIONS[1]),
        hides=(
            *("tokens.issued", "tokens.client", "tokens.user_id", "codes.issued", "codes.pkce"),
            *("clients.enabled", "users.provider", "sessions.created", "denylist", "migrations"),
        ),
    )
    one = ["oidc_model_instances"]
    tables = {"tokens": one, "codes": one, "sessions": one, "devices": one}
    tables |= {"clients": ["applications"], "users": ["users"]}
    return Case("logto", meaning, logto, tables, never=["oauth2_tokens_without_expiry"])


@pytest.mark.parametrize("case", [_hydra(), _logto()], ids=lambda case: case.profile)
def test_every_number_over_a_server_s_store_is_a_count_of_its_rows(a_server: Server, case: Case) -> None:
    """And what its schema does not show is absent."""
    case.check(a_server)
