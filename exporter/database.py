"""Owns all connections to one target and says which lane serves whom.

Only this module and those it imports may import psycopg.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from psycopg import Error
from psycopg.conninfo import conninfo_to_dict

from exporter import facts
from exporter.dsn import check_dsn
from exporter.errors import QueryError
from exporter.lane import Lane
from exporter.leadership import Leadership
from exporter.model import DatabaseInfo, OutcomeKind, Rows, ServerInfo, Target

__all__ = ["Database", "check_dsn"]

_FACTS_SECONDS = 5.0
# Long enough for the queries of one database that are due together, short enough to leave it in peace.
_LINGER_SECONDS = 3.0
_LANES_ON_MAIN = 2


class Database:
    """All connections to one target, `max_connections` at most.

    Three or more: `fast` and `heavy` on the main database, `visitor` for the others. Two: heavy queries take
    the fast lane. One: the main database only.

    Args:
        target: whom to connect to; nothing happens before the first query.
        random: a number in [0, 1).
        leadership: keeps its lock in the fast lane's session.
    """

    def __init__(
        self, target: Target, *, random: Callable[[], float], leadership: Leadership | None = None
    ) -> None:
        self._target = target
        self._main = _named(target)
        self.leadership = leadership
        self._fast = Lane(target, random, keeper=leadership)
        if leadership is not None:
            leadership.look = self._look
        self._heavy = Lane(target, random) if target.max_connections > _LANES_ON_MAIN else self._fast
        has_visitor = target.max_connections >= _LANES_ON_MAIN
        self._visitor = Lane(target, random, linger=_LINGER_SECONDS) if has_visitor else None

    def __repr__(self) -> str:
        return f"<Database of target {self._target.name}>"

    async def fetch(
        self,
        sql: str,
        *,
        timeout: float,  # noqa: ASYNC109 - the server is told of it, and ours comes a second later
        database: str | None = None,
        heavy: bool = False,
    ) -> Rows:
        """Run one statement in a read-only transaction and return its rows.

        Args:
            sql: exactly one statement that returns rows.
            timeout: seconds that the server may work on it; waiting for the lane comes on top.
            database: where to run it; None for the main database.
            heavy: whether to leave the fast lane to others.

        Raises:
            QueryError: no connection, or the run failed.
        """
        if database is None or database in self._main:
            return await (self._heavy if heavy else self._fast).run(sql, timeout)
        return await self._visiting(database).run(sql, timeout, database)

    async def server_info(self) -> ServerInfo:
        """Read the facts about the server; raises QueryError."""
        server = await facts.read_server(lambda sql: self._fast.run(sql, _FACTS_SECONDS))
        self._main.add(server.database)
        return server

    async def database_info(
        self, relations: Collection[str], database: str | None = None, functions: Collection[str] = ()
    ) -> DatabaseInfo:
        """Read the facts about a database, None for the main one, and what is in it; raises QueryError."""
        visit = None if database is None or database in self._main else database
        lane = self._fast if visit is None else self._visiting(visit)
        return await facts.read_database(
            lambda sql: lane.run(sql, _FACTS_SECONDS, visit), relations, functions
        )

    async def close(self) -> None:
        """End all connections, runs in progress with them; returns within seconds whatever the path does."""
        lanes = {self._fast, self._heavy, self._visitor} - {None}
        await asyncio.gather(*(lane.close() for lane in lanes if lane is not None))

    async def _look(self) -> None:
        """Ask whether this process leads; who does not holds one connection at most. Raises QueryError."""
        await self._fast.look()
        if self.leadership is not None and not self.leadership.leads and self._heavy is not self._fast:
            await self._heavy.rest()

    def _visiting(self, database: str) -> Lane:
        if self._visitor is None:
            message = f"max_connections is 1, which leaves no connection to visit database {database}"
            raise QueryError(OutcomeKind.UNSUPPORTED, message)
        return self._visitor


def _named(target: Target) -> set[str]:
    """Return the database that the DSN names, if it does; the server's own name for it is learnt later."""
    try:
        name = conninfo_to_dict(target.dsn).get("dbname")
    except Error:  # the first connect says what is wrong
        return set()
    return {str(name)} if name else set()
