"""One target whose queries have hours, on a real server and a clock that the test turns."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

from exporter import cron
from exporter.evidence import Evidence
from exporter.hours import Hours
from exporter.model import JobKey, OutcomeKind, Query
from exporter.quiet import Timetable
from exporter.status import not_ready, target_status
from exporter.store import Served
from servers import Server
from test_watch import KEY, ONE, Trial

RESTS = 'pg_exporter_query_skipped{target="main",query="one",reason="window"} 1\n'
RUNS = 'pg_exporter_query_runs_total{target="main",query="one",outcome="ok"} '
SLOW = replace(ONE, variants=((0, "SELECT 1 AS one FROM pg_catalog.pg_sleep(0.5)"),))


def hours(query: Query, *, opens_in: int, closes_in: int) -> Query:
    """Return the query with one window, in minutes of UTC from now on."""
    now = int(time.time() // 60)

    def window(first: int, last: int) -> Hours:
        minutes = [datetime.fromtimestamp((now + offset) * 60, UTC) for offset in range(first, last)]
        return Hours(only=(tuple(cron.parse(f"{at.minute} {at.hour} * * *") for at in minutes),))

    return replace(query, hours=window(opens_in, closes_in))


class Clocked(Trial):
    """A watch whose hours are kept by a clock that is ahead of the real one."""

    def turn(self, minutes: float) -> None:
        """Let the hours be those of some minutes from now."""
        self.ahead = minutes * 60
        self.watch.keep_hours()

    def __init__(self, dsn: str, *queries: Query) -> None:
        self.ahead = 0.0
        super().__init__(dsn, *queries)
        self.engine = replace(self.engine, now=lambda: time.time() + self.ahead)
        self.watch = type(self.watch)(
            self.target, {query.name: query for query in queries}, self.database, self.engine
        )


def test_when_its_window_closes_a_query_rests_and_its_values_go_at_once(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Clocked(a_server.monitor_dsn(), hours(ONE, opens_in=-2, closes_in=10), replace(ONE, name="b"))
        async with trial.serving():
            assert await trial.run() is OutcomeKind.OK
            await trial.run(JobKey("b", "main"))
            assert f"{RUNS}1\n" in trial.page()
            trial.turn(11)
            assert "test_one" in trial.page(), "the other query has no hours"
            trial.store.drop(JobKey("b", "main"))
            assert "test_one" not in trial.page()
            assert RESTS in trial.page()
            assert RUNS not in trial.page()
            assert 'last_success_timestamp_seconds{target="main",query="one"}' not in trial.page()
            assert trial.turns.jobs == {JobKey("b", "main"): 15.0}
            assert await trial.run() is None
            assert trial.watch.plan.skipped[KEY].detail.startswith("rests until ")
            status = target_status(
                trial.watch, trial.telemetry, Evidence(keep=0), Served(), {"one": "s", "b": "s"}
            )
            [row] = [row for row in status.queries if row.query == "one"]
            assert (row.state, row.reason.split(" until ")[0]) == ("resting", "window: rests")
            assert (status.counts.resting, status.counts.skipped, status.counts.ok) == (1, 0, 1)

    asyncio.run(scenario())


def test_when_its_window_opens_a_query_gets_its_turn_and_its_counts_go_on(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Clocked(a_server.monitor_dsn(), hours(ONE, opens_in=-2, closes_in=10))
        async with trial.serving():
            await trial.run()
            trial.turn(11)
            assert trial.turns.jobs == {}
            trial.turn(24 * 60)
            assert trial.turns.jobs == {KEY: 15.0}
            assert RESTS not in trial.page()
            await trial.run()
            assert f"{RUNS}2\n" in trial.page()
            assert 'test_one{target="main"} 1\n' in trial.page()

    asyncio.run(scenario())


def test_a_window_that_opens_or_closes_keeps_nobody_from_being_ready(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Clocked(a_server.monitor_dsn(), hours(ONE, opens_in=10, closes_in=20))
        async with trial.serving():
            assert trial.watch.has_settled
            trial.turn(11)
            assert trial.turns.jobs == {KEY: 15.0}
            assert trial.watch.has_settled, "it has never run, and was not awaited at the start"
            await trial.run()
            trial.turn(21)
            trial.turn(24 * 60 + 11)
            assert not_ready([trial.watch], trial.telemetry, trial.engine.now()) == ()
            later = trial.engine.now() + 61
            assert not_ready([trial.watch], trial.telemetry, later) == (
                "target main: no query has succeeded lately",
            )

    asyncio.run(scenario())


def test_a_run_in_progress_when_its_window_closes_leaves_nothing(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Clocked(a_server.monitor_dsn(), hours(SLOW, opens_in=-2, closes_in=10))
        async with trial.serving():
            run = asyncio.create_task(trial.watch.run(KEY))
            await asyncio.sleep(0)  # it has begun
            trial.turn(11)
            outcome = await run
            assert outcome is not None
            assert outcome.kind is OutcomeKind.OK
            assert "test_one" not in trial.page()
            assert RESTS in trial.page()

    asyncio.run(scenario())


def test_other_hours_are_kept_within_seconds_of_a_reload(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Clocked(a_server.monitor_dsn(), ONE)
        async with trial.serving():
            await trial.run()
            never = replace(ONE, hours=Hours(never=(cron.parse("* * * * *"),)))
            trial.watch.reconfigure({"one": never}, None, Timetable())
            await trial.until(lambda: RESTS in trial.page())
            assert "test_one" not in trial.page()

    asyncio.run(scenario())


def test_a_run_that_ends_because_its_target_is_taken_away_leaves_nothing(a_server: Server) -> None:
    async def scenario() -> None:
        trial = Clocked(a_server.monitor_dsn(), SLOW)
        async with trial.serving():
            run = asyncio.create_task(trial.watch.run(KEY))
            await asyncio.sleep(0)  # it has begun
            trial.watch.retire()
            await trial.database.close()
            await run
            assert trial.page() == ""

    asyncio.run(scenario())
