"""Owns which kinds of program can be watched, and how a DSN says which it leads to."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """What kind of program a target is."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"
    PGBOUNCER = "pgbouncer"


ENGINE_NAMES = {
    Engine.POSTGRESQL: "PostgreSQL",
    Engine.SQLITE: "SQLite",
    Engine.PGBOUNCER: "PgBouncer",
}
_SCHEMES = {"sqlite": Engine.SQLITE, "pgbouncer": Engine.PGBOUNCER}


def for_libpq(dsn: str) -> str:
    """Return a DSN as libpq reads it: of a PgBouncer's console, which is no scheme of its own there."""
    scheme, colon, rest = dsn.strip().partition(":")
    return f"postgresql:{rest}" if colon and _SCHEMES.get(scheme.lower()) is Engine.PGBOUNCER else dsn


def engine_of(dsn: str) -> Engine:
    """Return what kind of program a DSN leads to, by its scheme."""
    return _SCHEMES.get(dsn.strip().partition(":")[0].lower(), Engine.POSTGRESQL)
