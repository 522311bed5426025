"""Owns what tests of the demo share: a store on the embedded server, a time that is set by hand, the plan."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest

from exporter.demo import command, database, server
from exporter.demo.database import Database
from exporter.demo.endpoint import Endpoint
from exporter.demo.failure import DemoError
from exporter.demo.timeline import Step, timeline
from exporter.demo.trouble import Stage
from exporter.demo.workload import Sessions, Workload
from exporter.demo.world import World

START = datetime(2026, 1, 1)  # noqa: DTZ001  # naive UTC, as in the tables


def until(seconds: float, seed: int = 1, rate: float = 10.0) -> list[Step]:
    return list(itertools.takewhile(lambda step: step.at < seconds, timeline(seed, rate)))


class Clock:
    """A time that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


def world(clock: Clock, seed: int = 1) -> World:
    return World(Random(seed), clock.now)  # noqa: S311  # repeatable on purpose


def newest_embedded() -> int:
    """Return the newest embedded version; without one skip the test, or fail it when REQUIRE_DEMO is set."""
    try:
        return max(server.versions())
    except DemoError as error:
        if os.environ.get("REQUIRE_DEMO"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


class _Keeper(AbstractContextManager[Endpoint]):
    """Keeps one embedded server running in a thread with a loop of its own, for as long as tests want it."""

    def __init__(self, major: int) -> None:
        self._major = major
        self._started: Future[tuple[Endpoint, Callable[[], object]]] = Future()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Endpoint:
        self._thread.start()
        return Endpoint.of_dsn(self._started.result()[0].superuser())

    def __exit__(self, *_: object) -> None:
        self._started.result()[1]()
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._keep())
        except DemoError as error:
            self._started.set_exception(error)

    async def _keep(self) -> None:
        end, loop = asyncio.Event(), asyncio.get_running_loop()
        with command.temporary_folder() as folder:
            async with server.embedded(folder, self._major) as (endpoint, _):
                self._started.set_result((endpoint, lambda: loop.call_soon_threadsafe(end.set)))
                await end.wait()


def kept_server() -> AbstractContextManager[Endpoint]:
    """Return an embedded server, seen as somebody else's: what the demo makes there, it removes each time."""
    return _Keeper(newest_embedded())


def with_database(endpoint: Endpoint, body: Callable[[Database], Awaitable[None]]) -> None:
    """Run `body` on a store that is made for it."""

    async def run() -> None:
        async with database.prepared(endpoint, lambda _: None) as prepared:
            await body(prepared)

    asyncio.run(run())


async def ask(conninfo: str, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        answer = await connection.execute(sql.encode(), arguments or None)
        return await answer.fetchall() if answer.description else []


async def no_time(_: float) -> None:
    """Sleep for no time at all, but let others have a turn."""
    await asyncio.sleep(0)


class Players:
    """A workload whose time is set by hand, with what it said."""

    def __init__(self, prepared: Database, sleep: Callable[[float], Awaitable[None]]) -> None:
        self.clock, self.said = Clock(), list[str]()
        self.sessions = Sessions(prepared.application)
        self.stage = Stage(self.sessions.connect, sleep)
        self.workload = Workload(
            self.sessions,
            world(self.clock),
            self.stage,
            Random(1),  # noqa: S311  # repeatable on purpose
            self.said.append,
        )

    async def perform(self, steps: list[Step], rate: float) -> None:
        for step in steps:
            self.clock.seconds = step.at
            await self.workload.perform(step, rate)
        await self.sessions.close()
