"""Owns how tests use the exporter's own connections: opened, used and closed in one asyncio.run."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from exporter.database import Database
from exporter.errors import QueryError
from exporter.model import OutcomeKind, Rows, Target
from proxy import Proxy
from servers import Server

T = TypeVar("T")


def target(dsn: str, **options: object) -> Target:
    return Target("test", dsn, **options)  # type: ignore[arg-type]  # the test knows what a Target takes


@asynccontextmanager
async def opened(dsn: str, **options: object) -> AsyncIterator[Database]:
    gateway = Database(target(dsn, **options), random=lambda: 0.5)
    try:
        yield gateway
    finally:
        await gateway.close()


def using(dsn: str, work: Callable[[Database], Awaitable[T]], **options: object) -> T:
    """Return what `work` makes of the connections to a target."""

    async def run() -> T:
        async with opened(dsn, **options) as gateway:
            return await work(gateway)

    return asyncio.run(run())


def fetched(dsn: str, sql: str, timeout: float = 5, **options: object) -> Rows:
    """Return the rows of one query on a connection of its own."""
    return using(dsn, lambda gateway: gateway.fetch(sql, timeout=timeout), **options)


def through(proxy: Proxy, dsn: str) -> str:
    """Return the same DSN, but by way of the proxy."""
    parameters = conninfo_to_dict(dsn)
    parameters.pop("hostaddr", None)
    return make_conninfo("", **{**parameters, "host": proxy.host, "port": proxy.port})


@contextmanager
def role(server: Server, settings: str = "", password: str | None = None) -> Iterator[tuple[str, str]]:
    """A role that may log in; yields its name and its password."""
    name, password = f"role_{secrets.token_hex(4)}", password or secrets.token_hex(12)
    quoted = password.replace("'", "''")
    server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{quoted}' {settings}")
    try:
        yield name, password
    finally:
        server.execute(f"DROP OWNED BY {name}")
        server.execute(f"DROP ROLE {name}")


@dataclass(frozen=True)
class Subject:
    """A DSN whose sessions can be told from all others, and somebody who watches them on the server."""

    dsn: str
    name: str
    observer: psycopg.Connection

    def sessions(self) -> list[tuple[str, str]]:
        """Return database and state of each session there is."""
        sql = "SELECT datname, state FROM pg_catalog.pg_stat_activity WHERE application_name = %s"
        return self.observer.execute(sql, [self.name]).fetchall()

    def terminate(self, pid: object) -> None:
        self.observer.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [pid])

    def terminate_sleeper(self) -> bool:
        """End the session that is in pg_sleep(), and see it gone; False when there is none yet."""
        sql = "SELECT pid, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
        where = "WHERE application_name = %s AND wait_event = 'PgSleep'"
        pids = [pid for pid, _ in self.observer.execute(f"{sql} {where}".encode(), [self.name]).fetchall()]
        left = "SELECT FROM pg_catalog.pg_stat_activity WHERE pid = ANY (%s)"
        while pids and self.observer.execute(left, [pids]).rowcount:
            time.sleep(0.01)
        return pids != []


@contextmanager
def watched(server: Server, dsn: str | None = None) -> Iterator[Subject]:
    """Mark a DSN, the superuser's unless another is given, so that its sessions can be watched."""
    name = f"test-{secrets.token_hex(4)}"
    with psycopg.connect(server.dsn(), autocommit=True) as observer:
        yield Subject(make_conninfo(dsn or server.dsn(), application_name=name), name, observer)


async def pid_of(gateway: Database, database: str | None = None, *, heavy: bool = False) -> object:
    """Return which session serves such a query."""
    sql = "SELECT pg_catalog.pg_backend_pid()"
    [(pid,)] = (await gateway.fetch(sql, timeout=5, database=database, heavy=heavy)).rows
    return pid


async def failure(work: Awaitable[object]) -> tuple[OutcomeKind, float]:
    """Return how something failed, and after how many seconds."""
    started = time.monotonic()
    with pytest.raises(QueryError) as caught:
        await work
    return caught.value.kind, time.monotonic() - started


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, at most 10 s."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
