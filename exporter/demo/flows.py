"""Owns what the simulated OAuth2 server does to its database: operations in SQL, planned without I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from exporter.demo.clients import PEOPLE_CLIENTS, SERVICE_CLIENTS, Client
from exporter.demo.world import Code, Grant, Operation, World

ACCESS_SECONDS = (60, 120)  # short, so that somebody who watches sees tokens expire
REFRESH_LIFE = timedelta(minutes=15)
CODE_LIFE = timedelta(seconds=60)
SESSION_LIFE = timedelta(minutes=30)
RETENTION = timedelta(minutes=3)  # how long an expired row may stay before a purge takes it
USERS_AT_MOST = 20_000
ABANDONED_SHARE = 0.15

_INSERT = (
    "INSERT INTO tokens (token_id, client_id, user_id, token_type, access_token, refresh_token, scope,"
    " expires_at, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_REVOKE = "UPDATE tokens SET revoked_at = %s WHERE token_id = %s AND revoked_at IS NULL"
_Statements = tuple[tuple[LiteralString, tuple[object, ...]], ...]
_TOKENS = frozenset({"tokens"})
_CODES = frozenset({"authorization_codes"})
_SESSIONS = frozenset({"user_sessions"})


def _access_token(world: World, client: Client, user: str | None, now: datetime) -> tuple[UUID, _Statements]:
    token = world.uuid()
    expires = now + world.soon(*ACCESS_SECONDS)
    row = (token, client.client_id, user, "access", world.secret(128), None, "openid profile", expires, now)
    world.access.append(token)
    return token, ((_INSERT, row),)


def _token_pair(world: World, client: Client, user: str) -> _Statements:
    """Issue an access and a refresh token, and let the client remember them."""
    now = world.now()
    access, issued = _access_token(world, client, user, now)
    refresh, expires = world.uuid(), now + REFRESH_LIFE
    world.grants.append(Grant(access, refresh, client, user, expires))
    secrets = (world.secret(128), world.secret(32))
    row = (refresh, client.client_id, user, "refresh", *secrets, "openid profile", expires, now)
    return (*issued, (_INSERT, row))


def issue_to_service(world: World) -> Operation:
    """Client credentials: an access token without a user and without a refresh token."""
    _, issued = _access_token(world, world.client(SERVICE_CLIENTS), None, world.now())
    return Operation("issue", _TOKENS, issued)


def begin_code(world: World) -> Operation:
    """Start an authorization code flow; most are exchanged 1 to 5 s later, some never."""
    now, client, user, code = world.now(), world.client(PEOPLE_CLIENTS), world.user(), world.secret(24)
    if world.random.random() >= ABANDONED_SHARE:
        world.codes.append(Code(code, client, user, now + world.soon(1, 5)))
    challenge = None if client.pkce is None else world.secret(21)
    statement: LiteralString = (
        "INSERT INTO authorization_codes (code, client_id, user_id, redirect_uri, scope, code_challenge,"
        " code_challenge_method, expires_at, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
    )
    row = (code, client.client_id, user, client.redirect_uri, "openid profile", challenge, client.pkce)
    return Operation("begin_code", _CODES, ((statement, (*row, now + CODE_LIFE, now)),))


def exchange_code(world: World) -> Operation | None:
    """Exchange a code whose time has come for a pair of tokens."""
    now = world.now()
    due = next((code for code in world.codes if code.use_at <= now), None)
    if due is None:
        return None
    world.codes.remove(due)
    use: LiteralString = "UPDATE authorization_codes SET used_at = %s WHERE code = %s AND used_at IS NULL"
    statements = ((use, (now, due.code)), *_token_pair(world, due.client, due.user))
    return Operation("exchange", _CODES | _TOKENS, statements)


def _take_grant(world: World) -> Grant | None:
    """Take one grant out of the memory, forgetting those whose refresh token has expired."""
    now = world.now()
    while world.grants:
        world.grants.rotate(-world.random.randrange(len(world.grants)))
        grant = world.grants.popleft()
        if grant.expires_at > now:
            return grant
    return None


def refresh(world: World) -> Operation | None:
    """Rotate: the old pair is revoked, a new one issued."""
    grant = _take_grant(world)
    if grant is None:
        return None
    now = world.now()
    old = tuple((_REVOKE, (now, token)) for token in (grant.access_id, grant.refresh_id))
    return Operation("refresh", _TOKENS, (*old, *_token_pair(world, grant.client, grant.user)))


def revoke(world: World) -> Operation | None:
    """Somebody signs out of an application: its pair is revoked."""
    grant = _take_grant(world)
    if grant is None:
        return None
    now = world.now()
    tokens = (grant.access_id, grant.refresh_id)
    return Operation("revoke", _TOKENS, tuple((_REVOKE, (now, token)) for token in tokens))


def introspect(world: World) -> Operation | None:
    """A resource server asks about an access token."""
    if not world.access:
        return None
    statement: LiteralString = (
        "SELECT client_id, scope, expires_at, revoked_at FROM tokens WHERE token_id = %s"
    )
    return Operation("introspect", _TOKENS, ((statement, (world.random.choice(world.access),)),))


def sign_up(world: World) -> Operation | None:
    """A new account, by password or through a provider."""
    if world.users >= USERS_AT_MOST:
        return None
    world.users += 1
    number, now = world.users, world.now()
    provider = world.random.choices(("local", "google", "github", "microsoft"), (35, 40, 15, 10))[0]
    local = provider == "local"
    statement: LiteralString = (
        "INSERT INTO users (user_id, username, email, password_hash, provider, provider_user_id,"
        " created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    )
    row = (
        *(f"user-{number}", f"user{number}", f"user{number}@example.org"),
        *("$argon2id$v=19$" + world.secret(32) if local else None, provider),
        *(None if local else world.secret(10), now, now),
    )
    return Operation("sign_up", frozenset({"users"}), ((statement, row),))


def log_in(world: World) -> Operation:
    """A new login session."""
    now, session = world.now(), world.uuid()
    world.sessions.append(session)
    statement: LiteralString = (
        "INSERT INTO user_sessions (session_id, user_id, session_token, ip_address, user_agent, expires_at,"
        " created_at, last_activity_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    )
    address = f"198.51.100.{world.random.randint(1, 254)}"
    row = (session, world.user(), world.secret(32), address, "Mozilla/5.0", now + SESSION_LIFE, now, now)
    return Operation("log_in", _SESSIONS, ((statement, row),))


def touch_session(world: World) -> Operation | None:
    """Somebody clicks: their session was active just now."""
    if not world.sessions:
        return None
    statement: LiteralString = "UPDATE user_sessions SET last_activity_at = %s WHERE session_id = %s"
    arguments = (world.now(), world.random.choice(world.sessions))
    return Operation("touch_session", _SESSIONS, ((statement, arguments),))


def log_out(world: World) -> Operation | None:
    """The oldest remembered session ends."""
    if not world.sessions:
        return None
    statement: LiteralString = "DELETE FROM user_sessions WHERE session_id = %s"
    return Operation("log_out", _SESSIONS, ((statement, (world.sessions.popleft(),)),))


_TRAFFIC: tuple[tuple[int, Callable[[World], Operation | None]], ...] = (
    (18, issue_to_service),
    (20, begin_code),
    (20, refresh),
    (4, revoke),
    (15, introspect),
    (3, sign_up),
    (7, log_in),
    (10, touch_session),
    (3, log_out),
)
_WEIGHTS = tuple(weight for weight, _ in _TRAFFIC)


def next_operation(world: World) -> Operation:
    """Return what happens next: a due code exchange, else an operation by its share of the traffic."""
    due = exchange_code(world)
    if due is not None:
        return due
    _, plan = world.random.choices(_TRAFFIC, _WEIGHTS)[0]
    return plan(world) or begin_code(world)


def revocation_wave(world: World) -> tuple[Client, Operation]:
    """A client's secret leaked: everything issued to it within the last hour is revoked."""
    client, now = world.client(PEOPLE_CLIENTS), world.now()
    kept = [grant for grant in world.grants if grant.client != client]
    world.grants.clear()
    world.grants.extend(kept)
    statement: LiteralString = (
        "UPDATE tokens SET revoked_at = %s WHERE client_id = %s AND revoked_at IS NULL AND expires_at > %s"
        " AND created_at > %s"
    )
    arguments = (now, client.client_id, now, now - timedelta(hours=1))
    return client, Operation("revocation_wave", _TOKENS, ((statement, arguments),))


_PURGES: tuple[tuple[str, LiteralString], ...] = (
    (
        "tokens",
        "DELETE FROM tokens WHERE ctid IN (SELECT ctid FROM tokens WHERE expires_at < %s LIMIT %s)",
    ),
    (
        "authorization_codes",
        """DELETE FROM authorization_codes WHERE ctid IN
           (SELECT ctid FROM authorization_codes WHERE expires_at < %s LIMIT %s)""",
    ),
    (
        "user_sessions",
        """DELETE FROM user_sessions WHERE ctid IN
           (SELECT ctid FROM user_sessions WHERE expires_at < %s LIMIT %s)""",
    ),
)


def purge(world: World, batch: int) -> tuple[Operation, ...]:
    """Delete what expired longer than `RETENTION` ago, at most `batch` rows of each table."""
    limit = (world.now() - RETENTION, batch)
    return tuple(Operation("purge", frozenset({table}), ((sql, limit),)) for table, sql in _PURGES)
