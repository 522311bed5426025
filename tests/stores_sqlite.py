"""Owns how the stores of the seed and of rust-oauth2-server are filled in SQLite."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from sqlite_files import Clock, insert, listed
from stores_meaning import Content, Token

KEY = secrets.token_hex


def _flyway(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "flyway_schema_history",
        [
            {
                "times": 1,
                "installed_rank": None,
                "version": m.version,
                "description": "d",
                "type": "SQL",
                "script": "s",
                "installed_by": "o",
                "execution_time": 1,
                "success": m.success,
                "installed_on": clock(m.installed),
            }
            for m in content.migrations
        ],
    )


def _seed_clients(path: Path, content: Content, clock: Clock, lists: Callable[[list[str]], str]) -> None:
    insert(
        path,
        "clients",
        [
            {
                "times": 1,
                "client_id": c.name,
                "client_secret": "s",
                "client_name": c.name,
                "redirect_uris": lists([*c.uris]),
                "grant_types": lists([*c.grants]),
                "created_at": clock(c.created),
                "updated_at": clock(0.0),
            }
            for c in content.clients
        ],
    )


def _seed_tokens(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "tokens",
        [
            {
                "times": t.times,
                "token_id": KEY,
                "client_id": t.client,
                "user_id": t.user,
                "token_type": t.kind,
                "access_token": KEY,
                "created_at": clock(t.issued),
                "expires_at": clock(t.expires),
                "revoked_at": clock(t.gone_at),
            }
            for t in content.tokens
        ],
    )


def _seed_authorization_codes(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "authorization_codes",
        [
            {
                "times": c.times,
                "code": KEY,
                "client_id": "web",
                "user_id": "1",
                "redirect_uri": "r",
                "code_challenge_method": c.pkce,
                "used_at": clock(c.used_at),
                "created_at": clock(c.issued),
                "expires_at": clock(c.expires),
            }
            for c in content.codes
        ],
    )


def _seed_users(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "users",
        [
            {
                "times": 1,
                "user_id": u.name,
                "username": u.name,
                "email": u.name,
                "provider": u.provider,
                "created_at": clock(u.created),
                "updated_at": clock(0.0),
            }
            for u in content.users
        ],
    )


def _seed_user_sessions(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "user_sessions",
        [
            {
                "times": s.times,
                "session_id": KEY,
                "user_id": "1",
                "session_token": KEY,
                "created_at": clock(s.created),
                "expires_at": clock(s.expires),
                "last_activity_at": clock(s.created),
            }
            for s in content.sessions
        ],
    )


def fill_seed(path: Path, content: Content, clock: Clock, lists: Callable[[list[str]], str]) -> None:
    """Insert the content as the seed's tables hold it."""
    _seed_clients(path, content, clock, lists)
    _seed_tokens(path, content, clock)
    _seed_authorization_codes(path, content, clock)
    _seed_users(path, content, clock)
    _seed_user_sessions(path, content, clock)
    _flyway(path, content, clock)


def _rust_clients(path: Path, content: Content, clock: Clock) -> None:
    times = {"created_at": clock(0.0), "updated_at": clock(0.0)}
    insert(
        path,
        "clients",
        [
            {
                "times": 1,
                "id": c.name,
                "client_id": c.name,
                "client_secret": "s",
                "name": c.name,
                "scope": "",
                "redirect_uris": listed(c.uris),
                "grant_types": listed(c.grants),
                **times,
                "created_at": clock(c.created),
                "enabled": int(c.enabled),
            }
            for c in content.clients
        ],
    )


def _rust_users(path: Path, content: Content, clock: Clock) -> None:
    times = {"created_at": clock(0.0), "updated_at": clock(0.0)}
    insert(
        path,
        "users",
        [
            {
                "times": 1,
                "id": u.name,
                "username": u.name,
                "password_hash": "s",
                "email": "",
                **times,
                "created_at": clock(u.created),
                "enabled": int(u.enabled),
            }
            for u in content.users
        ],
    )


def _of_rows(content: Content) -> list[Token]:
    """Return the token that stands for each row: not the access token that follows its refresh token."""
    before = ["", *(token.kind for token in content.tokens)]
    return [one for one, last in zip(content.tokens, before, strict=False) if last != "refresh"]


def _rust_tokens(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "tokens",
        [
            {
                "times": t.times,
                "id": KEY,
                "access_token": KEY,
                "token_type": "Bearer",
                "expires_in": 1,
                "scope": "",
                "client_id": t.client,
                "user_id": t.user,
                "created_at": clock(t.issued),
                "expires_at": clock(t.issued + 3600 if t.kind == "refresh" else t.expires),
                "revoked": int(t.gone == "revoked"),
                "token_family": "f" if t.kind == "refresh" else None,
            }
            for t in _of_rows(content)
        ],
    )


def fill_rust(path: Path, content: Content, clock: Clock) -> None:
    """Insert the content; an access token is in the row of its refresh token."""
    _rust_clients(path, content, clock)
    _rust_users(path, content, clock)
    _rust_tokens(path, content, clock)
    _rust_rest(path, content, clock)


def _rust_authorization_codes(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "authorization_codes",
        [
            {
                "times": c.times,
                "id": KEY,
                "code": KEY,
                "client_id": "web",
                "user_id": "1",
                "redirect_uri": "",
                "scope": "",
                "created_at": clock(c.issued),
                "expires_at": clock(c.expires),
                "used": int(c.state == "exchanged"),
                "code_challenge_method": c.pkce,
            }
            for c in content.codes
        ],
    )


def _rust_device_authorizations(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "device_authorizations",
        [
            {
                "times": d.times,
                "id": KEY,
                "device_code": KEY,
                "user_code": KEY,
                "client_id": "web",
                "scope": "",
                "interval_seconds": 5,
                "created_at": clock(-1.0),
                "expires_at": clock(d.expires),
                "approved": int(d.state in {"approved", "used"}),
                "denied": int(d.state == "denied"),
                "used": int(d.state == "used"),
            }
            for d in content.devices
        ],
    )


def _rust_denylist(path: Path, content: Content, clock: Clock) -> None:
    insert(
        path,
        "denylist",
        [
            {
                "times": e.times,
                "id": KEY,
                "kind": e.kind,
                "value": "v",
                "created_at": clock(0.0),
                "expires_at": clock(e.expires),
            }
            for e in content.denylist
        ],
    )


def _rust_rest(path: Path, content: Content, clock: Clock) -> None:
    _rust_authorization_codes(path, content, clock)
    _rust_device_authorizations(path, content, clock)
    _rust_denylist(path, content, clock)
    _flyway(path, content, clock)
