"""Owns which kinds of program can be watched, and how a DSN says which it leads to."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """What kind of program a target is."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


ENGINE_NAMES = {Engine.POSTGRESQL: "PostgreSQL", Engine.SQLITE: "SQLite"}
_SCHEMES = {"sqlite": Engine.SQLITE}


def engine_of(dsn: str) -> Engine:
    """Return what kind of program a DSN leads to, by its scheme."""
    return _SCHEMES.get(dsn.strip().partition(":")[0].lower(), Engine.POSTGRESQL)
