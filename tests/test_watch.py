"""One target over time, on real servers: promotions of facts to jobs, loss and return."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace

import psycopg
import pytest

from exporter.database import Database
from exporter.model import (
    Column,
    JobKey,
    MetricType,
    Needs,
    OutcomeKind,
    Query,
    Role,
    Scope,
    SkipReason,
    Target,
)
from exporter.render import Format
from exporter.runner import Runner
from exporter.shared import Engine
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.watch import Watch
from proxy import Proxy
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


class Turns:
    """Records what the schedule would be told."""

    def __init__(self) -> None:
        self.jobs: dict[JobKey, float] = {}
        self.soon: list[JobKey] = []

    def sync(self, target: str, jobs: Mapping[JobKey, float]) -> None:
        self.jobs = {key: every for key, every in jobs.items() if key.target == target}

    def run_soon(self, keys: Iterable[JobKey]) -> None:
        self.soon += keys

    def run_in(self, key: JobKey, seconds: float) -> None:
        self.soon += [key] * bool(seconds)


class Trial:
    """A watch over a real server, with a page to look at."""

    def __init__(self, dsn: str, *queries: Query, **target: object) -> None:
        self.target = replace(Target("main", dsn, connect_timeout=2.0), **target)  # type: ignore[arg-type]  # named by the test
        self.turns = Turns()
        self.store = Store(time.time)
        self.telemetry = Telemetry(time.time)
        runner = Runner(
            self.store,
            self.telemetry,
            derivations={},
            expire_after=3.0,
            now=time.time,
            timer=time.perf_counter,
        )
        self.database = Database(self.target, random=lambda: 0.5)
        self.engine = Engine(self.store, self.telemetry, runner, self.turns, time.time, lambda: 0.0)
        self.watch = Watch(self.target, {query.name: query for query in queries}, self.database, self.engine)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.watch.serve())
        try:
            await self.until(lambda: self.watch.tried)
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self.database.close()

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  # the subject offers nothing to wait for
                await asyncio.sleep(0.02)

    async def run(self, key: JobKey = KEY) -> OutcomeKind | None:
        outcome = await self.watch.run(key)
        self.watch.settled(key)
        return outcome.kind if outcome else None

    def page(self) -> str:
        return self.store.page(Format.TEXT, compressed=False).decode()


def test_a_server_that_answers_is_up_and_its_jobs_run_soon(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Trial(a_server.monitor_dsn(), ONE)
        async with trial.serving():
            assert 'pg_up{target="main"} 1\n' in trial.page()
            assert trial.turns.jobs == {KEY: 15.0}
            assert trial.turns.soon == [KEY]
            assert not trial.watch.has_settled
            assert await trial.run() is OutcomeKind.OK
            assert trial.watch.has_settled
            assert 'test_one{target="main"} 1\n' in trial.page()

    asyncio.run(scenario())


def test_a_server_that_refuses_is_down_and_runs_nothing() -> None:
    async def scenario() -> None:
        trial = Trial("postgresql://monitor@127.0.0.1:1/postgres", ONE)
        async with trial.serving():
            assert 'pg_up{target="main"} 0\n' in trial.page()
            assert trial.watch.problem
            assert trial.watch.has_settled
            assert await trial.run() is None
            assert trial.turns.jobs == {}

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_lost_server_takes_its_values_along_at_once_and_its_return_brings_them_back(
    a_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "exporter")

    async def scenario() -> None:
        with Proxy(a_server.host, a_server.port) as proxy:
            dsn = psycopg.conninfo.make_conninfo(a_server.monitor_dsn(), host=proxy.host, port=proxy.port)
            trial = Trial(dsn, ONE)
            async with trial.serving():
                await trial.run()
                proxy.cut()
                assert await trial.run() is OutcomeKind.CONNECT
                assert "test_one" not in trial.page()
                assert 'pg_up{target="main"} 0\n' in trial.page()
                assert 'pg_exporter_query_up{target="main",query="one"} 0\n' in trial.page()
                proxy.heal()
                trial.turns.soon.clear()
                await trial.until(lambda: trial.watch.up)
                assert trial.turns.soon == [KEY]
                assert await trial.run() is OutcomeKind.OK
        states = [record for record in caplog.records if record.getMessage().startswith("target is")]
        assert [record.getMessage() for record in states] == [
            "target is up",
            "target is down",
            "target is up",
        ]
        assert "failures" not in vars(states[0])
        assert vars(states[2])["failures"] >= 1

    asyncio.run(scenario())


def test_a_query_that_does_not_apply_is_on_the_page_with_its_reason(a_server: Server) -> None:
    standby_only = replace(ONE, on=Role.STANDBY)

    async def scenario() -> None:
        trial = Trial(a_server.monitor_dsn(), standby_only)
        async with trial.serving():
            assert trial.watch.plan.skipped[KEY].reason is SkipReason.ROLE
            reason = 'pg_exporter_query_skipped{target="main",query="one",reason="role"} 1\n'
            assert reason in trial.page()
            assert await trial.run() is None

    asyncio.run(scenario())


def test_a_grant_is_noticed_without_a_restart(a_server: Server, database: str) -> None:
    needy = replace(ONE, needs=Needs(relation="public.t", columns=("a",)))
    a_server.execute("CREATE TABLE public.t (a int)", database)

    async def scenario() -> None:
        trial = Trial(a_server.monitor_dsn(database), needy)
        async with trial.serving():
            assert trial.watch.plan.skipped[KEY].reason is SkipReason.PRIVILEGE
            a_server.execute("GRANT SELECT (a) ON public.t TO monitor", database)
            trial.watch.reconfigure({"one": needy})
            await trial.until(lambda: KEY in trial.watch.plan.active)
            assert "pg_exporter_query_skipped" not in trial.page()

    asyncio.run(scenario())


def test_a_database_that_is_dropped_takes_its_jobs_and_series_along(a_server: Server, database: str) -> None:
    each = replace(ONE, scope=Scope.DATABASE)
    other = f"{database}_other"
    there, gone = JobKey("one", "main", database), JobKey("one", "main", other)

    async def scenario() -> None:
        include = {"include_databases": (f"{database}*",)}
        trial = Trial(a_server.monitor_dsn(database), each, **include)
        async with trial.serving():
            assert set(trial.turns.jobs) == {there, gone}
            assert await trial.run(gone) is OutcomeKind.OK
            assert f'datname="{other}"' in trial.page()
            a_server.execute(f"DROP DATABASE {other} WITH (FORCE)")
            trial.watch.reconfigure({"one": each})
            await trial.until(lambda: set(trial.turns.jobs) == {there})
            assert f'datname="{other}"' not in trial.page()

    a_server.execute(f"CREATE DATABASE {other}")
    try:
        asyncio.run(scenario())
    finally:
        a_server.execute(f"DROP DATABASE IF EXISTS {other} WITH (FORCE)")


def test_a_database_that_cannot_be_reached_does_not_take_the_target_down_and_is_told_once(
    a_server: Server, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "exporter.knowledge")
    each = replace(ONE, scope=Scope.DATABASE)
    dsn = a_server.monitor_dsn(database)
    a_server.execute(f"CREATE DATABASE {database}_full CONNECTION LIMIT 0")

    async def scenario() -> None:
        trial = Trial(dsn, each, include_databases=(f"{database}*",))
        async with trial.serving():
            assert trial.watch.up
            assert set(trial.turns.jobs) == {JobKey("one", "main", database)}
            skip = trial.watch.plan.skipped[JobKey("one", "main", f"{database}_full")]
            assert skip.reason is SkipReason.CONNECTIONS
            a_server.execute(f"ALTER DATABASE {database}_full CONNECTION LIMIT -1")
            trial.watch.reconfigure({each.name: each})
            await trial.until(lambda: len(trial.turns.jobs) == 2)
        told = [record for record in caplog.records if record.name == "exporter.knowledge"]
        assert [vars(record)["datname"] for record in told] == [f"{database}_full"] * 2
        assert "too many connections" in vars(told[0])["reason"]
        assert vars(told[1])["failures"] == 1

    try:
        asyncio.run(scenario())
    finally:
        a_server.execute(f"DROP DATABASE {database}_full WITH (FORCE)")


def test_a_target_that_is_retired_leaves_nothing_on_the_page(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Trial(a_server.monitor_dsn(), ONE, replace(ONE, name="two", on=Role.STANDBY))
        async with trial.serving():
            await trial.run()
        trial.watch.retire()
        assert trial.page() == ""
        assert trial.turns.jobs == {}

    asyncio.run(scenario())


def test_a_version_that_was_not_tested_is_said_once(
    a_server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.arrival.NEWEST_TESTED", a_server.major - 1)

    async def scenario() -> None:
        trial = Trial(a_server.monitor_dsn(), ONE)
        async with trial.serving():
            trial.watch.reconfigure({"one": ONE})
            await asyncio.sleep(0.2)

    asyncio.run(scenario())
    said = [record for record in caplog.records if "not tested" in record.getMessage()]
    assert len(said) == 1
