"""Owns the facts of a target that is well, and how a test makes it ill in one way."""

from __future__ import annotations

from dataclasses import replace

from exporter.doctor import examine
from exporter.findings import Facts, Finding, Level, Role, Session
from exporter.model import (
    Column,
    DatabaseInfo,
    ExtensionInfo,
    JobKey,
    MetricType,
    Needs,
    Query,
    RelationInfo,
    Scope,
    ServerInfo,
    Target,
)

SETTINGS = {
    "track_activities": "on",
    "track_counts": "on",
    "track_io_timing": "on",
    "log_lock_waits": "on",
    "compute_query_id": "auto",
    "shared_preload_libraries": "pg_stat_statements",
}
SERVER = ServerInfo(
    170004,
    "17.4",
    in_recovery=False,
    database="app",
    role="monitor",
    databases=("app",),
    settings=SETTINGS,
)
TOKENS_QUERY = Query(
    name="tokens",
    set="oauth2",
    help="Tokens.",
    every=60.0,
    timeout=2.0,
    labels=(),
    columns=(Column("oauth2_tokens", "tokens", MetricType.GAUGE, "Tokens."),),
    variants=((0, "select 1"),),
    path="queries/oauth2/tokens.sql",
    scope=Scope.DATABASE,
    needs=Needs(relation="public.tokens", columns=("token_type", "expires_at")),
)
COLUMNS = frozenset({"token_id", "token_type", "expires_at", "access_token", "client_id"})
KEY = JobKey("tokens", "main", "app")


def with_tokens(*readable: str) -> dict[str, DatabaseInfo]:
    info = RelationInfo(pages=1, readable_columns=frozenset(readable), columns=COLUMNS)
    extensions = {
        "pg_stat_statements": ExtensionInfo("1.11", "public"),
        "pgstattuple": ExtensionInfo("1.5", "public"),
    }
    return {"app": DatabaseInfo("app", extensions, {"public.tokens": info})}


WELL = Facts(
    target=Target("main", "postgresql://monitor@db/app?sslmode=verify-full"),
    server=SERVER,
    role=Role(
        superuser=False,
        reads_stats=True,
        reads_settings=True,
        reserved=True,
        connection_limit=-1,
        valid_until=None,
    ),
    session=Session(encrypted=True, remote=True, pooled=False, clock=0.01, clock_error=0.001),
    now=1e9,
    queries={"tokens": TOKENS_QUERY},
    databases=with_tokens("token_type", "expires_at"),
    active=frozenset({KEY}),
)


def found(facts: Facts, check: str) -> list[Finding]:
    """Return what one check has to say against these facts."""
    return [one for one in examine(facts) if one.check == check and one.level is not Level.OK]


def with_role(**changes: object) -> Facts:
    return replace(WELL, role=replace(WELL.role, **changes))  # type: ignore[arg-type]  # one field each


def with_session(**changes: object) -> Facts:
    return replace(WELL, session=replace(WELL.session, **changes))  # type: ignore[arg-type]  # one field each


def with_server(**changes: object) -> Facts:
    return replace(WELL, server=replace(SERVER, **changes))  # type: ignore[arg-type]  # one field each


def with_settings(**changes: str) -> Facts:
    return with_server(settings={**SETTINGS, **changes})
