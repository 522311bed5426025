"""Owns the reads of one SQLite target: in threads with deadlines, one after the other, each opening the file.

A connection costs less than a query, and none that is kept holds a lock, or a file that was replaced.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Collection
from threading import Event
from typing import Any, TypeVar

from exporter.aside import aside
from exporter.engines import Engine
from exporter.errors import QueryError
from exporter.model import DatabaseInfo, OutcomeKind, RelationInfo, Rows, ServerInfo, Target
from exporter.quoting import identifier, parts
from exporter.sqlite_file import opened, path_of, translated

T = TypeVar("T")

_FACTS_SECONDS = 5.0
# How long after the deadline of a query, which SQLite keeps, we give up on the file system.
_GRACE_SECONDS = 1.0
# Steps of SQLite's machine between two looks at the clock: about a millisecond.
_STEPS = 10_000
_PAGE_BYTES = 8192  # in which `max_pages` counts
_ARRAYS = ("_bounds", "_buckets")

_SIZE = """
select (page_count - freelist_count) * page_size
from pragma_page_count, pragma_freelist_count, pragma_page_size
"""
_COLUMNS = "select lower(name) from pragma_table_xinfo(?) where hidden <> 1"
# Two looks at the ends of the table; asked for together, min() and max() read all of it.
_IS_TABLE = "select count(*) from sqlite_master where type = 'table' and lower(name) = ?"
_ROWIDS = "select (select max(rowid) from {0}) - (select min(rowid) from {0}) + 1"


class SqliteGateway:
    """All reads of one database; nothing happens before the first.

    Args:
        target: its DSN names the file.
        now: the time of the queries' `now()`, in seconds since 1970.
    """

    leadership = None  # it has no locks

    def __init__(self, target: Target, *, now: Callable[[], float] = time.time) -> None:
        self._target = target.name
        self._path = path_of(target.dsn)
        self._now = now
        self._turn = asyncio.Lock()
        self._running: asyncio.Future[Any] | None = None
        self._stop = Event()

    def __repr__(self) -> str:
        return f"<SqliteGateway of target {self._target}>"

    async def fetch(
        self,
        sql: str,
        *,
        timeout: float,  # noqa: ASYNC109 - SQLite keeps it, and ours comes a second later
        database: str | None = None,  # noqa: ARG002 - there is but one
        heavy: bool = False,  # noqa: ARG002 - there is but one lane
    ) -> Rows:
        """Run one statement that reads; raises QueryError. The turns of others come on top of `timeout`."""
        return await self._read(lambda connection: _rows(connection, sql), timeout)

    async def server_info(self) -> ServerInfo:
        """Return the facts about SQLite and the file, which is the one database; raises QueryError."""
        await self.fetch("select count(*) from sqlite_master", timeout=_FACTS_SECONDS)
        major, minor, patch = sqlite3.sqlite_version_info
        return ServerInfo(
            version_num=major * 1_000_000 + minor * 1000 + patch,
            version=sqlite3.sqlite_version,
            in_recovery=False,
            database=self._path.name,
            role="",
            databases=(self._path.name,),
            engine=Engine.SQLITE,
        )

    async def database_info(
        self,
        relations: Collection[str],
        database: str | None = None,  # noqa: ARG002 - there is but one
        functions: Collection[str] = (),  # noqa: ARG002 - it has none of its own
    ) -> DatabaseInfo:
        """Return the facts about tables and views, named `main.table`; raises QueryError."""
        found = await self._read(lambda connection: _relations(connection, relations), _FACTS_SECONDS)
        return DatabaseInfo(self._path.name, relations=found)

    async def close(self) -> None:
        """End a read in progress; one that the file system holds is left to itself."""
        self._stop.set()

    async def _read(self, work: Callable[[sqlite3.Connection], T], seconds: float) -> T:
        async with self._turn:
            if self._running is not None and not self._running.done():
                message = f"{self._path}: an earlier read has not come back from the file system"
                raise QueryError(OutcomeKind.TIMEOUT, message)
            running = aside(lambda: self._within(work, seconds), f"sqlite {self._target}")
            self._running = running
            await asyncio.wait([running], timeout=seconds + _GRACE_SECONDS)
            if not running.done():
                raise QueryError(OutcomeKind.TIMEOUT, f"{self._path}: the file system does not answer")
            return running.result()

    def _within(self, work: Callable[[sqlite3.Connection], T], seconds: float) -> T:
        deadline, moment = time.monotonic() + seconds, self._now()
        connection = opened(self._path, lambda: moment)
        try:
            connection.text_factory = _text
            connection.set_progress_handler(
                lambda: int(self._stop.is_set() or time.monotonic() > deadline), _STEPS
            )
            return work(connection)
        except sqlite3.Error as error:
            raise translated(error, self._path) from None
        finally:
            connection.close()


def _text(data: bytes) -> str:
    """Return text as it is; one bad byte must not cost the answer."""
    return data.decode("utf-8", "replace")


def _rows(connection: sqlite3.Connection, sql: str) -> Rows:
    started = time.perf_counter()
    cursor = connection.execute(sql)
    found = cursor.fetchall()
    columns = tuple(name for name, *_ in cursor.description or ())
    arrays = {place for place, name in enumerate(columns) if name.endswith(_ARRAYS)}
    rows = [tuple(_cell(cell, place in arrays) for place, cell in enumerate(row)) for row in found]
    return Rows(columns, rows, time.perf_counter() - started)


def _cell(cell: object, is_array: bool) -> object:  # noqa: FBT001 - of a column, not of a caller
    """Return a value; what a histogram is made of comes as the text of a JSON array."""
    if isinstance(cell, bytes):
        cell = _text(cell)
    if not is_array or not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def _relations(connection: sqlite3.Connection, names: Collection[str]) -> dict[str, RelationInfo]:
    [(size,)] = connection.execute(_SIZE)
    pages = -(-int(size) // _PAGE_BYTES)
    found = {}
    for name in names:
        table = parts(name)[-1]
        columns = frozenset(str(column) for (column,) in connection.execute(_COLUMNS, (table,)))
        if columns:
            found[name] = RelationInfo(min(pages, _most_pages(connection, table, pages)), columns, columns)
    return found


def _most_pages(connection: sqlite3.Connection, table: str, otherwise: int) -> int:
    """Return the pages of a table at most: one a row, no row of a token store being larger."""
    [(is_table,)] = connection.execute(_IS_TABLE, (table,))
    if not is_table:
        return otherwise
    try:
        [(rows,)] = connection.execute(_ROWIDS.format(f"main.{identifier(table)}"))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return otherwise  # declared WITHOUT ROWID
    return rows if isinstance(rows, int) else 0 if rows is None else otherwise
