"""Owns looking at a database: its token store, and the facts about the relations that queries need there."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.model import DatabaseInfo, Query, Rows, Skip
from exporter.overlay import bound
from exporter.token_store import Choice, TokenStore

_SECONDS = 5.0


class Gateway(Protocol):
    """What looking takes of a target's connections; see `database.Database`."""

    def fetch(
        self, sql: str, *, timeout: float, database: str | None = None, heavy: bool = False
    ) -> Awaitable[Rows]:
        """Return the rows of a query."""

    def database_info(self, relations: Sequence[str], database: str | None = None) -> Awaitable[DatabaseInfo]:
        """Return the facts about a database and the named relations in it."""


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
        rows = await gateway.fetch(choice.facts_sql(), timeout=_SECONDS, database=database)
        store = choice.find(rows.rows)
    return Known(await gateway.database_info(_relations(queries, store), database), store)


def _relations(queries: Mapping[str, Query], store: TokenStore | None) -> tuple[str, ...]:
    """Return the relations whose facts decide whether some query runs."""
    needed = {query.needs.relation for query in queries.values()}
    for query in queries.values():
        # Also of an entity that over_any may have to leave out: these facts tell.
        placed = bound(query, store.profile) if query.over and store and store.profile else query
        if not isinstance(placed, Skip):
            needed |= {needs.relation for needs in placed.reads}
    return tuple(sorted(name for name in needed if name is not None))
