"""Owns when jobs run: stable phases spread over each interval, back-off, and the drain at the end.

The only importer of APScheduler. Its job function awaits the run to its end, because a job that only
spawned a task would hide an overlap from `max_instances`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from exporter.model import JobKey, Outcome, OutcomeKind
from exporter.pace import Pace
from exporter.telemetry import Telemetry

log = logging.getLogger(__name__)

# Seconds that a cancelled run gets to end by itself.
_CANCELLED_WITHIN = 5.0
_MAX_BACKOFF = 10  # intervals
# A run takes 1 to 2 ms of our own processor time.
FIRST_RUNS_PER_SECOND = 200
# Not the query's fault, or cheap to try again: these runs are not held against it.
_INNOCENT = frozenset({OutcomeKind.OK, OutcomeKind.CONNECT, OutcomeKind.LOCKED})
# Only somebody's GRANT, CREATE or upgrade mends these: they are retried slowly from the first time.
_LASTING = frozenset({OutcomeKind.DENIED, OutcomeKind.MISSING, OutcomeKind.UNSUPPORTED})

Run = Callable[[JobKey], Awaitable[Outcome | None]]


def phase(key: JobKey, every: float) -> float:
    """Return the job's place within its interval, in seconds: the same after every restart.

    Jobs in one database share a place, so that one short-lived connection serves them all.
    """
    name = f"{key.target}/{key.query if key.database is None else key.database}"
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * every


def next_run(now: float, every: float, offset: float) -> float:
    """Return the first moment after `now` that is `offset` seconds into an interval."""
    return ((now - offset) // every + 1) * every + offset


def next_moment(after: datetime, every: float, offset: float) -> datetime:
    """Return the same as a moment in whole microseconds, as APScheduler counts.

    It is later than `after` in these, too: APScheduler asks again for the one behind it until it is ahead of
    the clock, and would ask for ever.
    """
    moment = datetime.fromtimestamp(next_run(after.timestamp(), every, offset), UTC)
    return moment if moment > after else moment + timedelta(seconds=every)


def backoff(every: float, failures: int, kind: OutcomeKind) -> float:
    """Return for how many seconds a job is kept from running after its newest run.

    Zero after a first failure (the next turn is the retry), then doubling to 10 intervals.
    """
    if kind in _LASTING:
        return every * _MAX_BACKOFF
    if failures <= 1:
        return 0.0
    return every * min(2.0 ** (failures - 1), _MAX_BACKOFF)


class _Phase(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at the same place of every interval; APScheduler's own would drift with the process' start."""

    def __init__(self, every: float, offset: float) -> None:
        self._every = every
        self._offset = offset

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        after = max(now, previous) if previous else now
        return next_moment(after, self._every, self._offset)


@dataclass(slots=True)
class _State:
    every: float
    failures: int = 0
    not_before: float = 0.0


class Schedule:
    """Runs jobs in their turns; one run of a job at a time.

    `run` returns how the run ended, or None when there was none; `settled` is called after each that ended,
    when the verdict on the job is known to telemetry.
    """

    def __init__(
        self,
        run: Run,
        settled: Callable[[JobKey], None],
        telemetry: Telemetry,
        now: Callable[[], float],
    ) -> None:
        self._run = run
        self._settled = settled
        self._telemetry = telemetry
        self._now = now
        self._states: dict[JobKey, _State] = {}
        self._keys: dict[str, set[JobKey]] = {}  # of the same, by target
        self._first_runs = Pace(FIRST_RUNS_PER_SECOND, now)
        self._running: set[asyncio.Task[Any]] = set()
        self._draining = False
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_listener(self._overran, EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def sync(self, target: str, jobs: Mapping[JobKey, float]) -> None:
        """Make `jobs` (key to interval in seconds) all jobs of `target`; new ones run soon, then in turn."""
        current = {key: self._states[key].every for key in self._keys.get(target, ())}
        for key in current.keys() - jobs.keys():
            self._remove(key)
        fresh = [key for key, every in jobs.items() if current.get(key) != every]
        for key in fresh:
            self._add(key, jobs[key])
        self.run_soon(fresh)

    def run_soon(self, keys: Iterable[JobKey]) -> None:
        """Let the jobs run now; forgets back-off.

        They are spread, those of all targets together, so that thousands do not start in one instant.
        """
        now = self._now()
        for key in sorted(keys):
            state = self._states[key]
            state.failures, state.not_before = 0, 0.0
            at = now + self._first_runs.place(most=len(self._states))
            self._scheduler.modify_job(_id(key), next_run_time=datetime.fromtimestamp(at, UTC))

    def run_in(self, key: JobKey, seconds: float) -> None:
        """Let the job run once more in so many seconds, unless its next turn is sooner."""
        if key not in self._states:
            return
        at = self._now() + seconds
        due = self._scheduler.get_job(_id(key)).next_run_time
        if due is None or at < due.timestamp():
            self._scheduler.modify_job(_id(key), next_run_time=datetime.fromtimestamp(at, UTC))

    async def drain(self, grace: float) -> None:
        """Start nothing more, give running jobs `grace` seconds to end, then cancel them.

        APScheduler's own `shutdown(wait=True)` does not wait.
        """
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        running = set(self._running)
        if running:
            log.info("waiting for running queries", extra={"queries": len(running), "grace_seconds": grace})
            _, late = await asyncio.wait(running, timeout=grace)
            self._draining = True
            for task in late:
                task.cancel()
            if late:  # a server may not hear of it; then closing the connection ends the run
                await asyncio.wait(late, timeout=_CANCELLED_WITHIN)
        self._scheduler.shutdown(wait=False)

    def _add(self, key: JobKey, every: float) -> None:
        self._states[key] = _State(every)
        self._keys.setdefault(key.target, set()).add(key)
        self._scheduler.add_job(
            self._fire,
            _Phase(every, phase(key, every)),
            args=[key],
            id=_id(key),
            replace_existing=True,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    def _remove(self, key: JobKey) -> None:
        del self._states[key]
        keys = self._keys[key.target]
        keys.discard(key)
        if not keys:
            del self._keys[key.target]
        self._scheduler.remove_job(_id(key))

    async def _fire(self, key: JobKey) -> None:
        state = self._states.get(key)
        if state is None or self._now() < state.not_before:
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine that runs has a task
        self._running.add(task)
        try:
            outcome = await self._run(key)
        except asyncio.CancelledError:
            if self._draining:  # APScheduler would log it as an error, with a traceback
                return
            raise
        finally:
            self._running.discard(task)
        if outcome is not None and key in self._states:
            self._judge(key, state, outcome)
            self._settled(key)

    def _judge(self, key: JobKey, state: _State, outcome: Outcome) -> None:
        state.failures = 0 if outcome.kind in _INNOCENT else state.failures + 1
        held = backoff(state.every, state.failures, outcome.kind) if state.failures else 0.0
        wait = max(held, outcome.interval or 0.0)
        # Turns come in whole intervals: half of one less, or rounding would cost a further turn.
        state.not_before = outcome.at + wait - state.every / 2 if wait else 0.0
        self._telemetry.backing_off(key, held)

    def _overran(self, event: Any) -> None:  # noqa: ANN401  # APScheduler has no types
        self._telemetry.overran(_key(event.job_id))


def _id(key: JobKey) -> str:
    return "\0".join((key.query, key.target, *(() if key.database is None else (key.database,))))


def _key(job_id: str) -> JobKey:
    return JobKey(*job_id.split("\0"))
