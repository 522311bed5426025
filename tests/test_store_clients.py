"""What the queries over clients and users say is what a count by hand says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import cast

import pytest

from servers import Server
from store_queries import Session, Store, store_of
from test_store_queries import Token, add, counted

DAY = 86400.0
_IDS = count(1)


@pytest.fixture(scope="module")
def seed(server: Server) -> Iterator[Store]:
    with store_of("seed", server) as store:
        yield store


@pytest.fixture(scope="module")
def rust(server: Server) -> Iterator[Store]:
    """A store in which clients and users can be disabled."""
    with store_of("rust-oauth2-server", server) as store:
        yield store


@pytest.fixture
def session(seed: Store) -> Iterator[Session]:
    with seed.begin() as session:
        yield session


@pytest.fixture
def other(rust: Store) -> Iterator[Session]:
    with rust.begin() as session:
        yield session


def client(session: Session, name: str, grants: Sequence[str], uris: Sequence[str] = ()) -> None:
    session.insert(
        "clients",
        client_id=name,
        client_secret="",
        client_name="",
        redirect_uris=list(uris),
        grant_types=list(grants),
        created_at=-100 * DAY,
    )


def test_a_client_counts_once_in_each_of_its_grant_types(session: Session) -> None:
    client(session, "a", ["authorization_code", "refresh_token", "refresh_token"])
    client(session, "b", ["authorization_code", "made-up", "urn:made:up"])
    client(session, "c", ["urn:ietf:params:oauth:grant-type:device_code", "device_code"])
    client(session, "d", [])
    assert session.by("clients", "oauth2_clients", "grant_type", state="enabled") == {
        "authorization_code": 2,
        "refresh_token": 1,
        "other": 1,
        "device_code": 1,
        "none": 1,
    }
    registered = session.by("clients_registered", "oauth2_clients_registered", "state")
    assert registered == {"enabled": 4}


def rust_client(session: Session, name: str, grants: str, *, enabled: bool) -> None:
    texts = dict.fromkeys(("client_secret", "redirect_uris", "scope", "name"), "")
    times = {"created_at": -100 * DAY, "updated_at": 0.0}
    session.insert(
        "clients", id=f"id-{name}", client_id=name, grant_types=grants, enabled=enabled, **texts, **times
    )


def test_disabled_clients_are_counted_apart_where_there_can_be_some(other: Session) -> None:
    rust_client(other, "a", '["password"]', enabled=True)
    rust_client(other, "b", '["password", "implicit"]', enabled=False)
    [family] = other.ask("clients").families
    assert {sample.labels[2:]: sample.value for sample in family.samples} == {
        ("password", "enabled"): 1,
        ("password", "disabled"): 1,
        ("implicit", "enabled"): 0,
        ("implicit", "disabled"): 1,
    }
    registered = other.by("clients_registered", "oauth2_clients_registered", "state")
    assert registered == {"enabled": 1, "disabled": 1}


def test_a_client_is_idle_after_90_days_without_a_token(session: Session) -> None:
    """Not one that is younger than that. The reach says how far back the tokens go that were not deleted."""
    for name in ("busy", "left", "never", "new"):
        client(session, name, [])
    session.connection.execute("UPDATE clients SET created_at = now() WHERE client_id = 'new'")
    add(session, [Token("access", -89 * DAY, -88 * DAY, None, "busy")])
    add(session, [Token("access", -90 * DAY, -89 * DAY, None, "left")])
    answer = session.ask("clients_idle")
    assert answer.value("oauth2_clients_idle") == 2
    assert answer.value("oauth2_clients_idle_reach_seconds") == 89 * DAY


_URIS = {
    "https://app.example.com/cb": "none",
    "http://app.example.com/cb": "http",
    "HTTP://APP.EXAMPLE.COM": "http",
    "http://localhost": "none",
    "http://localhost:8080/cb": "none",
    "http://LOCALHOST/cb": "none",
    "http://127.0.0.1:80?x": "none",
    "http://[::1]:3000/": "none",
    "http://localhost.example.com/": "http",
    "http://localhost@example.com/": "http",
    "http://localhost:pw@example.com/": "http",
    "http://127.0.0.10/": "http",
    "http://[::1]x": "http",
    "https://*.example.com/cb": "wildcard",
    "http://*.example.com/cb": "wildcard",
    "http://localhost/*": "wildcard",
    "com.example.app:/cb": "none",
    "": "none",
}


@pytest.mark.parametrize(("uri", "risk"), _URIS.items())
def test_a_redirect_uri_is_a_risk_when_it_is_a_pattern_or_leaves_the_machine_unencrypted(
    session: Session, uri: str, risk: str
) -> None:
    client(session, "a", [], [uri])
    found = session.by("redirect_uris", "oauth2_redirect_uris", "risk")
    assert found == dict.fromkeys(("http", "wildcard", "none"), 0) | {risk: 1}


def user(session: Session, provider: str | None, created: float = -DAY) -> None:
    name = str(next(_IDS))
    session.insert("users", user_id=name, username=name, email=name, provider=provider, created_at=created)


def test_users_are_counted_by_provider_and_those_without_one_are_local(session: Session) -> None:
    for provider, many in {"google": 3, "github": 2, None: 4, "": 1}.items():
        for _ in range(many):
            user(session, provider)
    found = session.by("users", "oauth2_users", "provider", state="enabled")
    assert found == {"google": 3, "github": 2, "local": 5}


def test_only_the_15_largest_providers_have_a_name(session: Session) -> None:
    for number in range(18):
        for _ in range(number + 1):
            user(session, f"p{number:02}")
    found = session.by("users", "oauth2_users", "provider")
    assert found == {f"p{number:02}": number + 1 for number in range(3, 18)} | {"other": 1 + 2 + 3}


def test_registrations_are_counted_from_the_first_look_on(session: Session) -> None:
    user(session, None, -10.0)
    totals, state = counted(session, "users_registered", None)
    assert totals == {None: 0}
    user(session, None, 0.0)
    user(session, "github", -5.0)
    assert counted(session, "users_registered", state)[0] == {None: 2}


def test_disabled_users_with_live_tokens_are_counted_once_each(other: Session) -> None:
    rust_client(other, "c", "[]", enabled=True)
    for name, enabled in {"off": False, "gone": False, "on": True}.items():
        other.insert(
            "users",
            id=name,
            username=name,
            password_hash="",
            email=name,
            enabled=enabled,
            created_at=0.0,
            updated_at=0.0,
        )
    for name, expires, revoked in [
        ("off", 9.0, False),
        ("off", 8.0, False),
        ("gone", 9.0, True),
        ("on", 9.0, False),
    ]:
        token = {"access_token": next(_IDS), "token_type": "Bearer", "expires_in": 9, "scope": ""}
        times = {"created_at": -1.0, "expires_at": expires}
        other.insert("tokens", id=next(_IDS), client_id="c", user_id=name, revoked=revoked, **token, **times)
    answer = other.ask("users_disabled")
    assert answer.value("oauth2_disabled_users_with_live_tokens") == 1
    found = other.by("users", "oauth2_users", "state")
    assert found == {"enabled": 1, "disabled": 2}


def test_the_largest_clients_are_named_and_the_rest_is_one_number(session: Session) -> None:
    tokens = [Token("access", -60.0, 60.0, None, f"c{n:02}") for n in range(25) for _ in range(n)]
    dead = [Token("access", -60.0, -1.0, None, "c01"), Token("access", -60.0, 60.0, -1.0, "c24")]
    add(session, [*tokens, *dead, Token("access", -60.0, 60.0)])
    found = session.by("top_clients", "oauth2_client_tokens", "client_id")
    assert found == {f"c{n:02}": n for n in range(5, 25)} | {"_other": 1 + 2 + 3 + 4 + 1}


def test_beyond_5000_clients_the_rest_comes_without_names(session: Session) -> None:
    session.connection.execute(
        "INSERT INTO clients SELECT n, '', '', '{}', '{}' FROM generate_series(1, 5002) AS n"
    )
    session.connection.execute(
        "INSERT INTO tokens (token_id, token_type, access_token, expires_at, client_id)"
        " SELECT gen_random_uuid(), '', '', 'infinity', client_id FROM clients"
    )
    rows = session.rows("top_clients")
    assert sum(row[0] is not None for row in rows.rows) == 5000
    assert sum(cast("int", row[1]) for row in rows.rows) == 5002
