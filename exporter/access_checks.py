"""Owns the checks of `doctor` on how we reach the server and as whom."""

from __future__ import annotations

import math
from collections.abc import Iterator

from exporter.dsn import unverified
from exporter.findings import Check, Facts, Finding, Level
from exporter.model import Scope
from exporter.quoting import identifier

_DAY = 86400.0
_PASSWORD_DAYS = 14
_CLOCK_SECONDS = 1.0
_VERIFY = "-- DSN: sslmode=verify-full, sslrootcert=FILE"


def _superuser(facts: Facts) -> Iterator[Finding]:
    if not facts.role.superuser:
        yield Finding("superuser", Level.OK, f"{facts.server.role} is no superuser")
        return
    yield Finding(
        "superuser",
        Level.WARN,
        f"{facts.server.role} is a superuser: more rights than monitoring needs",
        "It can read every token and password hash, and it takes the slots kept for administrators.",
        "pg-oauth-exporter grants --role pg_oauth_exporter | psql -v ON_ERROR_STOP=1 -f -",
    )


def _statistics(facts: Facts) -> Iterator[Finding]:
    role = facts.role
    missing = [
        right
        for right, held in (
            ("pg_read_all_stats", role.reads_stats),
            ("pg_read_all_settings", role.reads_settings),
        )
        if not held
    ]
    if not missing:
        yield Finding("statistics", Level.OK, f"{facts.server.role} sees all statistics and settings")
        return
    yield Finding(
        "statistics",
        Level.FAIL,
        f"{facts.server.role} lacks {' and '.join(missing)}",
        "What other roles' sessions do, replication and some settings are hidden from it.",
        f"GRANT pg_monitor TO {identifier(facts.server.role)};",
    )


def _reserved(facts: Facts) -> Iterator[Finding]:
    held = facts.role.reserved
    if held is None or facts.role.superuser:
        return
    if held:
        yield Finding("reserved slots", Level.OK, "a connection is left for us when ordinary slots are out")
        return
    yield Finding(
        "reserved slots",
        Level.WARN,
        "the connection may be refused when ordinary slots are out",
        "That is when the metrics are needed most. It takes effect with reserved_connections above 0.",
        f"GRANT pg_use_reserved_connections TO {identifier(facts.server.role)};",
    )


def _connection_limit(facts: Facts) -> Iterator[Finding]:
    limit, needed = facts.role.connection_limit, facts.target.max_connections
    if limit < 0 or limit >= needed or facts.role.superuser:
        words = "no limit" if limit < 0 else f"a limit of {limit}"
        yield Finding("connection limit", Level.OK, f"{words}, at most {needed} connections are used")
        return
    yield Finding(
        "connection limit",
        Level.FAIL,
        f"the role may have {limit} connections, the target uses up to {needed}",
        "Queries that wait for the connections over the limit fail.",
        f"ALTER ROLE {identifier(facts.server.role)} CONNECTION LIMIT {needed * 2};",
    )


def _password_expiry(facts: Facts) -> Iterator[Finding]:
    until = facts.role.valid_until
    days = (until - facts.now) / _DAY if until is not None else math.inf
    if days > _PASSWORD_DAYS:
        words = "never expires" if days == math.inf else f"is valid for {days:.0f} more days"
        yield Finding("password expiry", Level.OK, f"the role's password {words}")
        return
    summary = f"expires in {days:.1f} days" if days > 0 else f"expired {-days:.1f} days ago"
    yield Finding(
        "password expiry",
        Level.WARN,
        f"the role's password {summary}",
        "Open connections stay; the next one is refused if it is made with the password.",
        f"ALTER ROLE {identifier(facts.server.role)} VALID UNTIL 'infinity';  -- or a new password",
    )


def _connect(facts: Facts) -> Iterator[Finding]:
    if not facts.closed:
        yield Finding("databases", Level.OK, f"{len(facts.databases)} looked at, none is closed to the role")
        return
    wanted = any(query.scope is Scope.DATABASE for query in facts.queries.values())
    role = identifier(facts.server.role)
    yield Finding(
        "databases",
        Level.FAIL if wanted else Level.INFO,
        f"the role may not connect to {', '.join(facts.closed)}",
        "Queries of `scope: database` do not run there. If they need not, put it into databases.exclude.",
        "\n".join(f"GRANT CONNECT ON DATABASE {identifier(name)} TO {role};" for name in facts.closed),
    )


def _encryption(facts: Facts) -> Iterator[Finding]:
    session = facts.session
    mode = unverified(facts.target) if session.remote and session.encrypted else ""
    if mode:
        yield Finding(
            "encryption",
            Level.WARN,
            f"the connection is encrypted, but sslmode={mode} does not tell whom it leads to",
            "Who can change the way of packets, or a name's address, can be in between and read everything.",
            _VERIFY,
        )
        return
    if session.encrypted or not session.remote:
        way = "encrypted" if session.encrypted else "local"
        yield Finding("encryption", Level.OK, f"the connection is {way}")
        return
    yield Finding(
        "encryption",
        Level.WARN,
        "the connection is not encrypted and comes from another machine",
        "Who listens on the way sees the metrics, and the password where the method is `password`.",
        f"{_VERIFY}; server: ssl = on, hostssl lines in pg_hba.conf",
    )


def _pooler(facts: Facts) -> Iterator[Finding]:
    if not facts.session.pooled:
        yield Finding("pooler", Level.OK, "no sign of a connection pooler")
        return
    yield Finding(
        "pooler",
        Level.WARN,
        "the connection goes through a pooler such as PgBouncer",
        "Several clients share its sessions, and its own slots may run out before the server's do.",
        "-- let the DSN name the server itself",
    )


def _clock(facts: Facts) -> Iterator[Finding]:
    apart, error = facts.session.clock, facts.session.clock_error
    if abs(apart) <= _CLOCK_SECONDS + error:
        yield Finding("clock", Level.OK, f"{apart:+.3f} s apart from ours, +- {error:.3f} s")
        return
    yield Finding(
        "clock",
        Level.WARN,
        f"the server's clock is {apart:+.1f} s apart from ours",
        "Ages that are computed from timestamps are wrong by as much; tokens expire by the server's clock.",
        "# on both machines: timedatectl show -p NTPSynchronized",
    )


CHECKS: tuple[Check, ...] = (
    _superuser,
    _statistics,
    _reserved,
    _connection_limit,
    _password_expiry,
    _connect,
    _encryption,
    _pooler,
    _clock,
)
