"""Owns replicas of the exporter in one process: each a supervisor of one target, with a page of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping

from exporter.database import Database
from exporter.leadership import CLASS, Leadership, lock_of
from exporter.model import Column, JobKey, MetricType, Query, Target
from exporter.render import Format
from exporter.runner import Runner
from exporter.shared import Engine
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.watch import Watch
from servers import Server

ONE = Query(
    name="one",
    set="test",
    help="One.",
    every=15.0,
    timeout=2.0,
    labels=(),
    columns=(Column("test_one", "one", MetricType.GAUGE, "One."),),
    variants=((0, "SELECT 1 AS one"),),
    path="test/one.sql",
)
KEY = JobKey("one", "main")
LOOK = 0.2
LEADER = 'pg_exporter_leader{target="main"}'
VALUE = 'test_one{target="main"} 1\n'


class Turns:
    """Runs what is due at once, as a schedule would."""

    def __init__(self) -> None:
        self.run: Callable[[JobKey], Coroutine[None, None, None]]
        self.tasks: set[asyncio.Task[None]] = set()

    def sync(self, target: str, jobs: Mapping[JobKey, float]) -> None:
        """Nothing runs again here."""

    def run_soon(self, keys: Iterable[JobKey]) -> None:
        for key in keys:
            self.tasks.add(asyncio.create_task(self.run(key)))

    def run_in(self, key: JobKey, seconds: float) -> None:
        """Nothing runs again here."""


class Replica:
    """One of several that watch the target `main`."""

    def __init__(self, dsn: str, group: str = "", *, connections: int = 3) -> None:
        lock = lock_of(group, "main")
        target = Target("main", dsn, max_connections=connections, connect_timeout=2.0, lock=lock)
        self.store = Store(time.time)
        self.leadership = Leadership("main", lock)
        self.database = Database(target, random=lambda: 0.5, leadership=self.leadership)
        telemetry, turns = Telemetry(time.time), Turns()
        runner = Runner(
            self.store, telemetry, derivations={}, expire_after=3.0, now=time.time, timer=time.perf_counter
        )
        engine = Engine(self.store, telemetry, runner, turns, time.time, lambda: 0.0)
        self.watch = Watch(target, {"one": ONE}, self.database, engine)
        turns.run = self.run

    async def run(self, key: JobKey = KEY) -> None:
        await self.watch.run(key)
        self.watch.settled(key)

    def page(self) -> str:
        return self.store.page(Format.TEXT, compressed=False).decode()

    def series(self) -> set[str]:
        """What is on the page, without values."""
        return {line.rpartition(" ")[0] for line in self.page().splitlines() if not line.startswith("#")}

    @property
    def shows(self) -> bool:
        return VALUE in self.page()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Replica]:
        task = asyncio.create_task(self.watch.serve())
        try:
            await until(lambda: self.watch.tried)
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.database.close()


@contextlib.asynccontextmanager
async def both(dsn: str, other: str = "") -> AsyncIterator[tuple[Replica, Replica]]:
    """Two of them; the first leads, and its values are there."""
    async with Replica(dsn).serving() as leader:
        await until(lambda: leader.shows)
        async with Replica(other or dsn).serving() as follower:
            yield leader, follower


async def hand_over(leader: Replica, follower: Replica) -> None:
    """Have the leader's session end until the other one is quicker to ask for the lock."""
    while not follower.leadership.leads:
        await leader.database._fast.rest()
        assert leader.series() == {LEADER}
        await follower.leadership.look()


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # the subject offers nothing to wait for
            await asyncio.sleep(0.005)


def locks(server: Server) -> list[tuple[object, ...]]:
    """Return who holds locks of elections, as an administrator would ask."""
    return server.execute(
        "SELECT pid, objid FROM pg_locks"
        f" WHERE locktype = 'advisory' AND classid = {CLASS} AND objsubid = 2 AND granted"
    )
