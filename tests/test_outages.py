"""Rules about what happens when a server, a session or the path to it goes away in the middle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from exporter.database import Database
from exporter.model import OutcomeKind
from gateway import Subject, failure, opened, pid_of, through, until, using, watched
from proxy import Proxy
from servers import Server


@pytest.fixture
def subject(a_server: Server) -> Iterator[Subject]:
    """The superuser's DSN, and who watches its sessions."""
    with watched(a_server) as found:
        yield found


@pytest.mark.slow
def test_a_path_that_goes_silent_in_a_query_is_a_timeout_and_frees_the_lane(
    a_server: Server, subject: Subject
) -> None:
    async def ask(gateway: Database) -> None:
        await pid_of(gateway)
        proxy.freeze()
        kind, seconds = await failure(gateway.fetch("SELECT 1", timeout=0.5))
        assert kind is OutcomeKind.TIMEOUT
        assert seconds < 0.5 + 12
        proxy.thaw()
        await pid_of(gateway)

    with Proxy(a_server.host, a_server.port) as proxy:
        using(through(proxy, subject.dsn), ask)


@pytest.mark.slow
def test_a_server_that_accepts_and_never_answers_is_no_connection_within_the_timeout(
    a_server: Server, subject: Subject
) -> None:
    async def ask(gateway: Database) -> None:
        proxy.freeze()
        kind, seconds = await failure(gateway.fetch("SELECT 1", timeout=5))
        assert kind is OutcomeKind.CONNECT
        assert 1.9 < seconds < 3
        proxy.thaw()
        await pid_of(gateway)

    with Proxy(a_server.host, a_server.port) as proxy:
        using(through(proxy, subject.dsn), ask, connect_timeout=2.0)


def test_a_server_that_went_away_costs_one_attempt_to_reconnect_and_is_found_again(
    a_server: Server, subject: Subject
) -> None:
    async def ask(gateway: Database) -> None:
        await pid_of(gateway)
        proxy.cut()
        for _ in range(2):
            kind, seconds = await failure(gateway.fetch("SELECT 1", timeout=5))
            assert kind is OutcomeKind.CONNECT
            assert seconds < 1
        proxy.heal()
        await pid_of(gateway)

    with Proxy(a_server.host, a_server.port) as proxy:
        using(through(proxy, subject.dsn), ask)
        assert proxy.accepted == 2


def test_a_session_ended_between_runs_is_replaced_unnoticed(subject: Subject) -> None:
    async def ask(gateway: Database) -> None:
        for heavy in (False, True):
            pid = await pid_of(gateway, heavy=heavy)
            subject.terminate(pid)
            assert await pid_of(gateway, heavy=heavy) != pid

    using(subject.dsn, ask)


def test_a_session_ended_during_a_run_is_replaced_and_the_run_repeated_once(subject: Subject) -> None:
    async def ask(gateway: Database) -> None:
        await pid_of(gateway)
        run = asyncio.create_task(gateway.fetch("SELECT 1 FROM pg_sleep(0.4)", timeout=5))
        await until(subject.terminate_sleeper)
        assert (await run).rows == [(1,)]
        run = asyncio.create_task(gateway.fetch("SELECT 1 FROM pg_sleep(20)", timeout=25))
        await until(subject.terminate_sleeper)
        await until(subject.terminate_sleeper)
        kind, _ = await failure(run)
        assert kind is OutcomeKind.CONNECT
        await pid_of(gateway)

    using(subject.dsn, ask)


def test_a_run_that_loses_the_session_made_for_it_is_not_repeated(subject: Subject) -> None:
    """A query that brings its backend down must not do so over and over."""

    async def ask(gateway: Database) -> OutcomeKind:
        run = asyncio.create_task(gateway.fetch("SELECT 1 FROM pg_sleep(20)", timeout=25))
        await until(subject.terminate_sleeper)
        return (await failure(run))[0]

    assert using(subject.dsn, ask) is OutcomeKind.CONNECT


def test_a_cancelled_run_ends_on_the_server_and_leaves_the_lane_usable(subject: Subject) -> None:
    async def ask(gateway: Database) -> None:
        run = asyncio.create_task(gateway.fetch("SELECT pg_sleep(20)", timeout=25))
        waiting = asyncio.create_task(gateway.fetch("SELECT 1", timeout=5))
        await until(lambda: [state for _, state in subject.sessions()] == ["active"])
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert (await waiting).rows == [(1,)]
        assert [state for _, state in subject.sessions()] == ["idle"]

    using(subject.dsn, ask)


def test_a_run_cancelled_while_it_waits_for_the_lane_lets_the_next_through(
    subject: Subject, database: str
) -> None:
    async def ask(gateway: Database) -> None:
        for place in (None, database):
            first = asyncio.create_task(
                gateway.fetch("SELECT 1 FROM pg_sleep(0.1)", timeout=5, database=place)
            )
            second = asyncio.create_task(gateway.fetch("SELECT 2", timeout=5, database=place))
            third = asyncio.create_task(gateway.fetch("SELECT 3", timeout=5, database=place))
            await asyncio.sleep(0)
            second.cancel()
            assert [(await first).rows, (await third).rows] == [[(1,)], [(3,)]]

    using(subject.dsn, ask)


def test_close_ends_all_sessions_and_runs_in_progress(subject: Subject, database: str) -> None:
    async def ask() -> None:
        async with opened(subject.dsn) as gateway:
            await pid_of(gateway, heavy=True)
            await pid_of(gateway, database)
            runs = [asyncio.create_task(gateway.fetch("SELECT pg_sleep(20)", timeout=25)) for _ in range(2)]
            await until(lambda: "active" in {state for _, state in subject.sessions()})
            started = time.monotonic()
            await gateway.close()
            assert time.monotonic() - started < 2
            assert subject.sessions() == []
            for run in runs:
                assert (await failure(run))[0] is OutcomeKind.CONNECT
            assert (await failure(gateway.fetch("SELECT 1", timeout=5)))[0] is OutcomeKind.CONNECT

    asyncio.run(ask())


@pytest.mark.slow
def test_close_returns_within_seconds_when_nobody_answers(a_server: Server, subject: Subject) -> None:
    async def ask(gateway: Database) -> None:
        await pid_of(gateway)
        proxy.freeze()
        run = asyncio.create_task(gateway.fetch("SELECT 1", timeout=60))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await gateway.close()
        assert time.monotonic() - started < 13
        proxy.cut()
        await failure(run)

    with Proxy(a_server.host, a_server.port) as proxy:
        using(through(proxy, subject.dsn), ask)
