"""Owns which gateway leads to a target: the one place that knows all engines."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from exporter import dsn, sqlite_file
from exporter.database import Database
from exporter.engines import Engine
from exporter.leadership import Leadership
from exporter.model import Target
from exporter.pgbouncer_gateway import PgbouncerGateway
from exporter.scout import Gateway
from exporter.sqlite_gateway import SqliteGateway

_GATEWAYS: Mapping[Engine, Callable[[Target], Gateway]] = {
    Engine.POSTGRESQL: lambda target: Database(target, random=random.random),
    Engine.SQLITE: SqliteGateway,
    Engine.PGBOUNCER: PgbouncerGateway,
}
_CHECKS: Mapping[Engine, Callable[[str], str | None]] = {
    Engine.POSTGRESQL: dsn.check_dsn,
    Engine.SQLITE: sqlite_file.check_dsn,
    Engine.PGBOUNCER: dsn.check_dsn,
}


def gateway_to(target: Target, *, elects: bool = False) -> Gateway:
    """Return the connections to a target; nothing happens before the first query.

    `elects` is for who polls it again and again: only that takes part in the election of a leader.
    """
    if elects and target.lock is not None:
        leadership = Leadership(target.name, target.lock)
        return Database(target, random=random.random, leadership=leadership)
    return _GATEWAYS[target.engine](target)


def secrets_of(target: Target) -> frozenset[str]:
    """Return what must never be shown of a target's DSN."""
    return frozenset() if target.engine is Engine.SQLITE else dsn.secrets_of(target.dsn)


def check_dsn(target: Target) -> str | None:
    """Return what is wrong with a target's DSN as the end of a sentence, or None; it quotes nothing."""
    return _CHECKS[target.engine](target.dsn)
