"""When jobs run: phases, back-off, one run at a time, drain."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Column, JobKey, MetricType, Outcome, OutcomeKind, Query
from exporter.schedule import FIRST_RUNS_PER_SECOND, Schedule, backoff, next_moment, next_run, phase
from exporter.telemetry import Telemetry

KEY = JobKey("pg_locks", "main")
OK = OutcomeKind.OK


@given(
    now=st.floats(min_value=0, max_value=4e9),
    every=st.floats(min_value=0.5, max_value=86400),
    place=st.floats(min_value=0, max_value=0.999),
)
def test_the_next_run_is_ahead_by_no_more_than_one_interval(now: float, every: float, place: float) -> None:
    ahead = next_run(now, every, place * every) - now
    # Floats near 4e9 are 5e-7 apart.
    assert -1e-6 <= ahead <= every + 1e-6


def test_turns_of_a_job_are_one_interval_apart() -> None:
    first = next_run(1000.0, 15.0, 4.0)
    assert first == 1009.0
    assert next_run(first, 15.0, 4.0) == first + 15.0


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the timezone is beside it
    every=st.sampled_from([0.5, 10.0, 15.0, 60.0, 3600.0]) | st.floats(min_value=0.5, max_value=86400),
    place=st.floats(min_value=0, max_value=0.999),
)
def test_the_moment_after_a_turn_is_the_next_turn_and_never_the_same(
    now: datetime, every: float, place: float
) -> None:
    first = next_moment(now, every, place * every)
    second = next_moment(first, every, place * every)
    assert now < first < second
    assert abs((second - first).total_seconds() - every) < 1e-5


@given(st.text(min_size=1), st.floats(min_value=0.5, max_value=86400))
def test_a_phase_lies_within_the_interval_and_never_changes(name: str, every: float) -> None:
    key = JobKey(name, "main")
    assert 0 <= phase(key, every) < every
    assert phase(key, every) == phase(JobKey(name, "main"), every)


def test_phases_spread_over_the_interval() -> None:
    phases = [phase(JobKey(f"query{number}", "main"), 10.0) for number in range(1000)]
    per_second = [sum(second <= place < second + 1 for place in phases) for second in range(10)]
    assert min(per_second) > 60
    assert max(per_second) < 140


def test_jobs_in_one_database_share_a_phase() -> None:
    assert phase(JobKey("a", "main", "shop"), 60.0) == phase(JobKey("b", "main", "shop"), 60.0)
    assert phase(JobKey("a", "main", "shop"), 60.0) != phase(JobKey("a", "main", "bank"), 60.0)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [(1, 0.0), (2, 30.0), (3, 60.0), (4, 120.0), (5, 150.0), (50, 150.0)],
)
def test_backoff_doubles_up_to_ten_intervals_and_spares_the_first_failure(
    failures: int, expected: float
) -> None:
    assert backoff(15.0, failures, OutcomeKind.TIMEOUT) == expected


def test_what_only_somebody_else_can_mend_is_retried_slowly_from_the_start() -> None:
    assert backoff(15.0, 1, OutcomeKind.DENIED) == 150.0
    assert backoff(15.0, 1, OutcomeKind.MISSING) == 150.0


class Trial:
    """A schedule whose clock is ours to set and whose runs are recorded."""

    def __init__(self, run: Callable[[JobKey], Awaitable[Outcome | None]] | None = None) -> None:
        self.ran: list[JobKey] = []
        self.settled: list[JobKey] = []
        self.kind = OK
        self.telemetry = Telemetry(time.time)
        self.skew = 0.0
        self.schedule = Schedule(run or self._run, self.settled.append, self.telemetry, self.now)

    def now(self) -> float:
        return time.time() + self.skew

    async def _run(self, key: JobKey) -> Outcome | None:
        self.ran.append(key)
        return Outcome(self.kind, at=self.now())


async def _until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # the subject offers nothing to wait for
            await asyncio.sleep(0.005)


@pytest.mark.slow
def test_a_job_over_its_budget_rests_for_the_longer_interval_and_is_not_backing_off() -> None:
    async def scenario() -> None:
        async def run(_: JobKey) -> Outcome | None:
            trial.ran.append(KEY)
            return Outcome(OK, at=trial.now(), interval=0.15)

        trial = Trial(run)
        trial.schedule.start()
        started = time.monotonic()
        trial.schedule.sync("main", {KEY: 0.05})
        await _until(lambda: len(trial.ran) == 5)
        assert time.monotonic() - started >= 4 * 0.15 - 2 * 0.05
        assert trial.telemetry.backoff(KEY) == 0
        await trial.schedule.drain(1.0)

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_new_job_runs_at_once_and_settles() -> None:
    async def scenario() -> None:
        trial = Trial()
        trial.schedule.start()
        trial.schedule.sync("main", {KEY: 3600.0})
        await _until(lambda: trial.settled == [KEY])
        assert trial.ran == [KEY]
        await trial.schedule.drain(1.0)

    asyncio.run(scenario())


@pytest.mark.slow
def test_first_runs_are_spread_over_all_targets_together() -> None:
    async def scenario() -> None:
        trial = Trial()
        trial.schedule.start()
        keys = [JobKey(f"query{number}", f"db-{number % 50}") for number in range(200)]
        started = time.monotonic()
        for target in {key.target for key in keys}:
            trial.schedule.sync(target, {key: 3600.0 for key in keys if key.target == target})
        await _until(lambda: len(trial.ran) == len(keys))
        assert time.monotonic() - started >= (len(keys) - 1) / FIRST_RUNS_PER_SECOND
        await trial.schedule.drain(1.0)

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_job_can_be_run_once_more_before_its_next_turn_but_not_after_it() -> None:
    async def scenario() -> None:
        trial = Trial()
        trial.schedule.start()
        trial.schedule.sync("main", {KEY: 3600.0})
        await _until(lambda: trial.ran == [KEY])
        trial.schedule.run_in(KEY, 7200.0)
        trial.schedule.run_in(KEY, 0.05)
        await _until(lambda: trial.ran == [KEY, KEY])
        trial.schedule.run_in(JobKey("gone", "main"), 0.05)
        await trial.schedule.drain(1.0)

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_job_that_is_synced_again_unchanged_does_not_run_again() -> None:
    async def scenario() -> None:
        trial = Trial()
        trial.schedule.start()
        trial.schedule.sync("main", {KEY: 3600.0})
        await _until(lambda: bool(trial.settled))
        trial.schedule.sync("main", {KEY: 3600.0})
        other = JobKey("pg_up", "main")
        trial.schedule.sync("main", {KEY: 3600.0, other: 3600.0})
        await _until(lambda: other in trial.ran)
        assert trial.ran == [KEY, other]
        await trial.schedule.drain(1.0)

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_job_that_is_taken_away_runs_no_more_and_other_targets_keep_theirs() -> None:
    async def scenario() -> None:
        trial = Trial()
        trial.schedule.start()
        away = JobKey("pg_locks", "replica")
        trial.schedule.sync("replica", {away: 0.05})
        trial.schedule.sync("main", {KEY: 0.05})
        await _until(lambda: trial.ran.count(away) > 1)
        trial.schedule.sync("replica", {})
        await asyncio.sleep(0)
        seen, others = trial.ran.count(away), trial.ran.count(KEY)
        await _until(lambda: trial.ran.count(KEY) > others + 2)
        assert trial.ran.count(away) <= seen + 1
        await trial.schedule.drain(1.0)

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_job_never_runs_beside_itself_and_missed_turns_are_counted() -> None:
    async def scenario() -> None:
        at_once = most = 0

        async def slow(_: JobKey) -> Outcome | None:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.5)
            at_once -= 1
            return Outcome(OK, at=time.time())

        trial = Trial(slow)
        trial.schedule.start()
        trial.schedule.sync("main", {KEY: 0.1})
        await asyncio.sleep(0.8)
        await trial.schedule.drain(2.0)
        assert most == 1
        overruns = _value(trial.telemetry, "pg_exporter_query_overruns_total")
        assert overruns >= 2

    asyncio.run(scenario())


def _value(telemetry: Telemetry, name: str) -> float:
    query = Query(
        "pg_locks", "locks", "Help.", 0.1, 0.05, (), (Column("a", "a", MetricType.GAUGE, "A."),), (), ""
    )
    found = {family.name: family for family in telemetry.job_families(KEY, query)}
    value = found[name].samples[0].value
    assert isinstance(value, int | float)
    return value


@pytest.mark.slow
def test_a_query_that_fails_again_and_again_is_kept_from_running() -> None:
    async def scenario() -> None:
        trial = Trial()
        trial.kind = OutcomeKind.SQL
        trial.schedule.start()
        trial.schedule.sync("main", {KEY: 0.1})
        await _until(lambda: trial.telemetry.backoff(KEY) > 0)
        assert trial.telemetry.backoff(KEY) == 0.2
        await _until(lambda: trial.telemetry.backoff(KEY) == 1.0)
        runs = len(trial.ran)
        await asyncio.sleep(0.3)
        assert len(trial.ran) == runs
        trial.kind = OK
        trial.schedule.run_soon([KEY])
        await _until(lambda: trial.telemetry.backoff(KEY) == 0.0)
        await trial.schedule.drain(1.0)

    asyncio.run(scenario())


@pytest.mark.slow
@pytest.mark.parametrize(("grace", "ends"), [(2.0, "finished"), (0.05, "cancelled")])
def test_draining_waits_for_running_jobs_within_the_grace_period_only(grace: float, ends: str) -> None:
    async def scenario() -> None:
        fate = []

        async def slow(_: JobKey) -> Outcome | None:
            try:
                await asyncio.sleep(0.3)
            except asyncio.CancelledError:
                fate.append("cancelled")
                raise
            fate.append("finished")
            return None

        trial = Trial(slow)
        trial.schedule.start()
        trial.schedule.sync("main", {KEY: 3600.0})
        await asyncio.sleep(0.1)
        await trial.schedule.drain(grace)
        assert fate == [ends]

    asyncio.run(scenario())
