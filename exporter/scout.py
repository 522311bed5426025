"""Owns looking at a database: its token store, and the facts about the relations that queries need there."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.leadership import Leadership
from exporter.model import DatabaseInfo, Needs, Query, Rows, ServerInfo, Skip
from exporter.overlay import bound
from exporter.token_store import Choice, TokenStore

_SECONDS = 5.0


class Gateway(Protocol):
    """What a target's connections can do; see `database.Database`, and `sqlite_gateway`."""

    @property
    def leadership(self) -> Leadership | None:
        """Whether this process is the one that polls the target; None where nobody is elected."""

    def fetch(
        self, sql: str, *, timeout: float, database: str | None = None, heavy: bool = False
    ) -> Awaitable[Rows]:
        """Return the rows of a query."""

    def database_info(
        self, relations: Sequence[str], database: str | None = None, functions: Sequence[str] = ()
    ) -> Awaitable[DatabaseInfo]:
        """Return the facts about a database and the named relations and functions in it."""

    def server_info(self) -> Awaitable[ServerInfo]:
        """Return the facts about the server."""

    async def close(self) -> None:
        """End all connections, runs in progress with them."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a database; `store` is None when no query asks about token stores."""

    info: DatabaseInfo
    store: TokenStore | None = None


async def look(
    gateway: Gateway, queries: Mapping[str, Query], choice: Choice, database: str | None = None
) -> Known:
    """Return what is known about the main database (None) or another one.

    Raises:
        QueryError: the database cannot be reached or does not answer.
    """
    store = None
    if choice.profiles and any(query.over for query in queries.values()):
        rows = await gateway.fetch(choice.facts_sql, timeout=_SECONDS, database=database)
        store = choice.find(rows.rows)
    relations, functions = _relations(queries, store), _functions(queries)
    return Known(await gateway.database_info(relations, database, functions), store)


def _relations(queries: Mapping[str, Query], store: TokenStore | None) -> tuple[str, ...]:
    """Return the relations whose facts decide whether some query runs."""
    needed = {needs.relation for needs in _needs(queries)}
    for query in queries.values():
        # Also of an entity that over_any may have to leave out: these facts tell.
        placed = bound(query, store.profile) if query.over and store and store.profile else query
        if not isinstance(placed, Skip):
            needed |= {needs.relation for needs in placed.reads}
    return tuple(sorted(name for name in needed if name is not None))


def _functions(queries: Mapping[str, Query]) -> tuple[str, ...]:
    return tuple(sorted({needs.function for needs in _needs(queries) if needs.function is not None}))


def _needs(queries: Mapping[str, Query]) -> Iterator[Needs]:
    for query in queries.values():
        yield query.needs
        yield from (each.needs for each in query.alternatives)
