"""Owns one connection to PostgreSQL: how it is made, what every run sets first, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping

import psycopg
from psycopg import pq, sql

from exporter import dsn, pgtypes
from exporter.engines import Engine
from exporter.errors import QueryError
from exporter.model import OutcomeKind, Rows, Target
from exporter.passfile import passfile
from exporter.password import read_password
from exporter.pgerrors import connect_error, query_error
from exporter.quoting import literal
from exporter.redaction import learn

# What psycopg would log reaches our caller as a QueryError, and in words that are ours.
logging.getLogger("psycopg").setLevel(logging.ERROR)

# A server that ends a session does so in milliseconds; a dead path never says that it did.
_GOODBYE_SECONDS = 0.5

SETTINGS = {
    "lock_timeout": "100ms",
    "transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "10s",
    "search_path": "",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
"""What every run sets for its own transaction, `statement_timeout` apart."""

# What the answer of a setting looks like.
_SET = ("set_config",)

_OWN = "pg_oauth_exporter"  # what stands before the names of a target's parameters

# Only then a database in SQL_ASCII hands out text that is no UTF-8; with any other it fails the query.
_AS_IT_IS = {"client_encoding": "SQL_ASCII"}


def _prologue(settings: Mapping[str, str]) -> str:
    """Return what goes before the query in one message of the simple protocol, with a %d for the timeout.

    Such a message is one transaction, and the settings end with it: a pooler has nothing to hand to somebody
    else. It is one line, as errors count the lines of the query.
    """
    pairs = ", ".join(f"('{name}', {literal(value)})" for name, value in settings.items()).replace("%", "%%")
    values = f"VALUES ('statement_timeout', '%d'), {pairs}"
    return f"SELECT pg_catalog.count(pg_catalog.set_config(n, v, true)) FROM ({values}) AS s(n, v);\n"


class Session:
    """A connection in autocommit mode. Not for two runs at once. A console has no settings."""

    def __init__(
        self,
        connection: psycopg.AsyncConnection,
        database: str | None,
        parameters: Iterable[tuple[str, str]] = (),
        *,
        is_console: bool = False,
    ) -> None:
        self._connection = connection
        self._watched: int | None = None
        self.database = database
        encoding = connection.info.parameter_status("server_encoding")
        settings = SETTINGS | {f"{_OWN}.{name}": value for name, value in parameters}
        whole = settings | _AS_IT_IS if encoding == "SQL_ASCII" else settings
        self._prologue = "" if is_console else _prologue(whole)

    @classmethod
    async def open(cls, target: Target, database: str | None) -> Session:
        """Connect to a database of the target, None for the one that its DSN names.

        Raises:
            QueryError: CONNECT.
        """
        password = await read_password(target.password)
        try:
            parameters = dsn.parameters(target, database, password)
        except psycopg.ProgrammingError:
            problem = dsn.check_dsn(target.dsn) or "cannot be used"
            raise QueryError(OutcomeKind.CONNECT, f"the DSN {problem}") from None
        connection = await _connect(parameters)
        pgtypes.prepare(connection)
        is_console = target.engine is Engine.PGBOUNCER
        return cls(connection, database, target.parameters, is_console=is_console)

    @property
    def pid(self) -> int:
        """The process on the server as it was told at the connect; a pooler tells a number of its own."""
        return self._connection.info.backend_pid

    @property
    def usable(self) -> bool:
        """Whether another run may use it: connected, and nothing left over from the last one."""
        pgconn = self._connection.pgconn
        return pgconn.status == pq.ConnStatus.OK and pgconn.transaction_status == pq.TransactionStatus.IDLE

    async def run(self, query: str | sql.Composed, seconds: float) -> Rows:
        """Run one statement in a read-only transaction of its own, `seconds` at most on the server.

        Raises:
            QueryError: the server or the driver refused.
        """
        text = query if isinstance(query, str) else query.as_string(self._connection)
        prologue = self._prologue and self._prologue % max(1, round(seconds * 1000))
        statement = prologue + text
        started = time.perf_counter()
        try:
            cursor = await self._connection.execute(statement.encode())
        except (psycopg.Error, OSError) as error:
            lost = self._connection.pgconn.status != pq.ConnStatus.OK
            failure = error if isinstance(error, psycopg.Error) else psycopg.OperationalError()
            raise query_error(failure, statement, lost=lost) from None
        return await _answer(cursor, time.perf_counter() - started, is_first=not prologue)

    async def leave(self) -> None:
        """End the session and wait a moment until the server did: only then is its place free again."""
        if not self.usable:
            self.drop()
            return
        with contextlib.suppress(OSError):
            # libpq closes its descriptor at once, so that only a second one can tell when the server is done.
            wire = socket.socket(fileno=os.dup(self._connection.pgconn.socket))
            with wire:
                wire.setblocking(False)
                self.drop()
                await _until_closed(wire)

    def watch(self, ended: Callable[[], None]) -> None:
        """Call `ended` as soon as the server ends the session; a run, which sees that itself, unwatches."""
        self._watched = self._connection.pgconn.socket
        asyncio.get_running_loop().add_reader(self._watched, self._heard, ended)

    def unwatch(self) -> None:
        """Leave what comes from the server to a run."""
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None

    def _heard(self, ended: Callable[[], None]) -> None:
        """Read what came unasked: a setting that was changed, a farewell or the end."""
        with contextlib.suppress(psycopg.Error):
            self._connection.pgconn.consume_input()
        if not self.usable:
            self.unwatch()
            ended()

    def drop(self) -> None:
        """Close our side at once."""
        self.unwatch()
        self._connection.pgconn.finish()


async def _connect(parameters: dict[str, str]) -> psycopg.AsyncConnection:
    learn(dsn.hidden(parameters))
    wanted = passfile(parameters)
    if wanted is not None and wanted.problem:
        parameters = {**parameters, "passfile": wanted.elsewhere}
    try:
        async with asyncio.timeout(dsn.connect_seconds(parameters)):
            connection = await psycopg.AsyncConnection.connect(
                psycopg.conninfo.make_conninfo(**parameters), autocommit=True, prepare_threshold=None
            )
    except (psycopg.Error, TimeoutError, OSError) as error:
        found = _found(error.pgconn) if isinstance(error, psycopg.Error) and error.pgconn else {}
        known = found if "service" in parameters else {}  # its file may say where it leads
        raise connect_error(error, known | parameters, wanted.remedy if wanted else "") from None
    _found(connection.pgconn)
    return connection


def _found(connection: pq.abc.PGconn) -> dict[str, str]:
    """Return what libpq took, and learn the secrets that it found by itself: in its files and variables."""
    used = {
        option.keyword.decode(): (option.val or b"").decode(errors="replace") for option in connection.info
    }
    if connection.password:
        used["password"] = connection.password.decode(errors="replace")
    learn(dsn.hidden(used))
    return used


async def _until_closed(wire: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            while await loop.sock_recv(wire, 1024):
                pass


async def _answer(cursor: psycopg.AsyncCursor[tuple[object, ...]], seconds: float, *, is_first: bool) -> Rows:
    """Read the one result that comes after the prologue's, and after those of settings that a query adds."""
    columns: tuple[str, ...] = _SET
    while columns == _SET:
        if not (is_first or cursor.nextset()) or cursor.description is None:
            raise QueryError(OutcomeKind.SQL, "the query returns no rows: it must be one SELECT")
        columns, is_first = tuple(column.name for column in cursor.description), False
    try:
        rows = await cursor.fetchall()
    except (psycopg.Error, ValueError, ArithmeticError, NotImplementedError) as error:
        name = type(error).__name__
        message = f"a value of the answer cannot be read ({name}): cast it to a number or to text"
        raise QueryError(OutcomeKind.SQL, message) from None
    if cursor.nextset():
        raise QueryError(OutcomeKind.SQL, "the query holds several statements: it must be one SELECT")
    return Rows(columns, rows, seconds)
