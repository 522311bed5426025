"""The constant-rate probe: on a clock of its own, then on real servers and files."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon import Daemon
from exporter.probe import Probe
from gateway import through
from proxy import Proxy
from servers import Server

EVERY = 0.2


class Target:
    """What a probe sees of a target: up or not, answering or not, and how often it was asked."""

    def __init__(self) -> None:
        self.up: bool | None = True
        self.answers, self.asked = True, 0
        self.counts: list[tuple[int, int]] = []
        self.probe = Probe(EVERY)

    async def ask(self) -> None:
        self.asked += 1
        if not self.answers:
            await asyncio.sleep(10 * EVERY)
        self.probe.answered()

    @contextlib.asynccontextmanager
    async def probed(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.probe.serve(lambda: self.up, self.ask, self.note))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def note(self) -> None:
        self.counts.append((self.probe.counts["ok"], self.probe.counts["failed"]))

    async def counted(self, number: int) -> list[tuple[int, int]]:
        """Wait for so many counts and return them."""
        self.counts.clear()
        async with asyncio.timeout(20):
            while len(self.counts) < number:  # noqa: ASYNC110  # the subject offers nothing to wait for
                await asyncio.sleep(EVERY / 50)
        return self.counts


def test_both_outcomes_are_there_before_the_first_probe() -> None:
    assert Probe().counts == {"ok": 0, "failed": 0}


def test_a_silent_target_is_asked_once_in_each_interval_and_counts_ok_when_it_answers() -> None:
    async def scenario() -> None:
        target = Target()
        async with target.probed():
            assert await target.counted(3) == [(1, 0), (2, 0), (3, 0)]
            assert target.asked == 3

    asyncio.run(scenario())


def test_what_another_process_counts_is_neither_counted_nor_asked() -> None:
    async def scenario() -> None:
        target = Target()
        async with target.probed():
            await target.counted(1)
            target.up, before = None, target.asked
            await asyncio.sleep(2.5 * EVERY)
            assert (target.counts[-1], target.asked) == ((1, 0), before)

    asyncio.run(scenario())


def test_a_target_that_has_answered_a_query_is_not_asked() -> None:
    async def scenario() -> None:
        target = Target()
        target.answers = False
        async with target.probed():
            for expected in (1, 2):
                target.probe.answered()
                assert await target.counted(1) == [(expected, 0)]
                await asyncio.sleep(0)
        assert target.asked == 0

    asyncio.run(scenario())


def test_a_question_without_an_answer_neither_delays_the_count_nor_is_repeated() -> None:
    async def scenario() -> None:
        target = Target()
        target.answers = False
        async with target.probed():
            started = time.monotonic()
            assert await target.counted(4) == [(0, 1), (0, 2), (0, 3), (0, 4)]
            assert 3.9 * EVERY < time.monotonic() - started < 8 * EVERY
            assert target.asked == 1

    asyncio.run(scenario())


def test_a_target_that_is_down_fails_at_the_same_rate_and_is_not_asked() -> None:
    async def scenario() -> None:
        target = Target()
        target.up = False
        async with target.probed():
            started = time.monotonic()
            assert await target.counted(4) == [(0, 1), (0, 2), (0, 3), (0, 4)]
            assert 3.9 * EVERY < time.monotonic() - started < 8 * EVERY
        assert target.asked == 0

    asyncio.run(scenario())


def test_an_answer_is_not_enough_when_the_target_is_down_at_the_end_of_the_interval() -> None:
    async def scenario() -> None:
        target = Target()
        async with target.probed():
            target.probe.answered()
            target.up = False
            assert await target.counted(1) == [(0, 1)]

    asyncio.run(scenario())


@pytest.mark.slow
def test_the_daemon_counts_at_one_rate_what_is_up_what_freezes_and_what_was_never_there(
    tmp_path: Path, a_server: Server
) -> None:
    """A server, one behind a path that goes silent, a file, and nobody, for three quarters of a minute."""

    def counts(target: str) -> tuple[float, float]:
        ok, failed = (
            daemon.samples("pg_exporter_probes_total", target=target, outcome=outcome)[0]
            for outcome in ("ok", "failed")
        )
        return ok, failed

    path = tmp_path / "store.db"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("create table token (id integer)")
    with Proxy(a_server.host, a_server.port) as proxy, Proxy(a_server.host, a_server.port) as nobody:
        nobody.cut()
        dsn = a_server.monitor_dsn()
        dsns = {
            "up": dsn,
            "frozen": through(proxy, dsn),
            "file": f"sqlite:///{path}",
            "away": through(nobody, dsn),
        }
        with Daemon(tmp_path, {"targets": [{"name": n, "dsn": d} for n, d in dsns.items()]}) as daemon:
            daemon.until_ready()
            assert {name: counts(name) for name in dsns} == dict.fromkeys(dsns, (0, 0))
            daemon.until(lambda: sum(counts("up")) == 1, "probe", 20)
            started = time.monotonic()
            proxy.freeze()
            assert daemon.until(lambda: counts("frozen")[1] > 0, "notice", 40) < 31
            daemon.until(lambda: sum(counts("up")) == 3, "go on", 40)
            assert 28 < time.monotonic() - started < 32
            # Each target began within the same second.
            daemon.until(lambda: {sum(counts(name)) for name in dsns} == {3}, "count alike", 2)
            assert counts("up") == counts("file") == (3, 0)
            assert counts("frozen")[0] in {1, 2}
            assert counts("away") == (0, 3)
