"""Owns one run from fetch to store, and is the only place that decides what a failed run means."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Protocol

from exporter.derive import Derivation
from exporter.errors import QueryError
from exporter.evidence import Evidence
from exporter.model import JobKey, Outcome, OutcomeKind, Query, Rows
from exporter.rest import Known, summed_up
from exporter.samples import families
from exporter.segments import Fragment
from exporter.store import Store
from exporter.streak import Streak
from exporter.telemetry import Telemetry

log = logging.getLogger(__name__)

# Queries that may take longer than this wait for the heavy lane, so that they never delay the others.
FAST_LANE_SECONDS = 2.0
# Beyond this many rows the rendering leaves the event loop, which a scrape may be waiting for.
_ROWS_FOR_A_THREAD = 2000
# The object or the right is gone: what it said before is no longer true and must not wait to expire.
_GONE = frozenset({OutcomeKind.DENIED, OutcomeKind.MISSING, OutcomeKind.UNSUPPORTED})
_LEVELS = {OutcomeKind.BUG: logging.ERROR}


class Fetch(Protocol):
    """How a run gets its rows; see `database.Database.fetch`."""

    def __call__(self, sql: str, *, timeout: float, database: str | None, heavy: bool) -> Awaitable[Rows]:
        """Return the rows, or raise QueryError."""


class Runner:
    """Runs queries, and keeps what their derivations want to remember between runs."""

    def __init__(
        self,
        store: Store,
        telemetry: Telemetry,
        *,
        derivations: Mapping[str, Derivation],
        expire_after: float,
        now: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._derivations = derivations
        self.expire_after = expire_after
        self._now = now
        self._timer = timer
        self.evidence = Evidence(keep=0)
        self._failing: dict[JobKey, Streak] = {}
        self._memory: dict[JobKey, object | None] = {}
        self._rest: dict[JobKey, Known | None] = {}

    async def run(self, key: JobKey, query: Query, sql: str, fetch: Fetch) -> Outcome:
        """Run `query` once and publish what came of it; raises nothing but CancelledError."""
        started = self._timer()
        bug: Exception | None = None
        try:
            rows = await fetch(
                sql,
                timeout=query.timeout,
                database=key.database,
                heavy=query.timeout > FAST_LANE_SECONDS,
            )
            outcome = await self._publish(key, query, rows, started)
        except QueryError as error:
            outcome = self._failed(error.kind, str(error), started)
            if error.kind is OutcomeKind.TIMEOUT:
                spent = min(outcome.seconds, query.timeout)
                outcome = replace(outcome, interval=stretched(query, spent))
        except Exception as error:  # noqa: BLE001 - it is told below, with its traceback
            bug = error
            outcome = self._failed(OutcomeKind.BUG, type(error).__name__, started)
        if outcome.kind in _GONE:
            self._store.drop(key)
        self._telemetry.record(key, outcome)
        self._tell(key, outcome, bug)
        return outcome

    def publish_own(self, key: JobKey, query: Query) -> None:
        """Put the exporter's own metrics about a job on the page."""
        own = self._telemetry.job_families(key, query)
        self._store.put_own(key, own)

    def forget(self, key: JobKey) -> None:
        """Drop all that is known of a job that is gone."""
        self._failing.pop(key, None)
        self._memory.pop(key, None)
        self._rest.pop(key, None)
        self._store.forget(key)
        self._telemetry.forget(key)

    def _tell(self, key: JobKey, outcome: Outcome, bug: Exception | None) -> None:
        """Log once that the query fails in a new way, and once that it is well again."""
        if outcome.kind is OutcomeKind.OK:
            streak = self._failing.pop(key, None)
            if streak is not None:
                log.info("query has recovered", extra={**_place(key), **streak.ended(outcome.at)})
        elif outcome.kind is not OutcomeKind.CONNECT:  # the target says that once for all its queries
            streak = self._failing.setdefault(key, Streak())
            if streak.failed(outcome.kind, outcome.at):
                facts = {**_place(key), "outcome": outcome.kind.value, "reason": outcome.message}
                log.log(_LEVELS.get(outcome.kind, logging.WARNING), "query failed", extra=facts, exc_info=bug)

    async def _publish(self, key: JobKey, query: Query, rows: Rows, started: float) -> Outcome:
        if len(rows.rows) > _ROWS_FOR_A_THREAD:
            rendered = await asyncio.to_thread(self._render, key, query, rows)
        else:
            rendered = self._render(key, query, rows)
        derived, fragments, dropped = rendered
        now = self._now()
        self.evidence.note(key, query, derived, now)
        interval = stretched(query, rows.seconds)
        self._store.put(key, fragments, now + self.expire_after * (interval or query.every))
        return Outcome(
            OutcomeKind.OK,
            at=now,
            seconds=self._timer() - started,
            server_seconds=rows.seconds,
            rows=len(rows.rows),
            samples=sum(part.samples for part in fragments),
            dropped=dropped,
            interval=interval,
        )

    def _render(
        self, key: JobKey, query: Query, rows: Rows
    ) -> tuple[Rows, list[Fragment], Mapping[str, int]]:
        if query.derive is not None:
            derive = self._derivations[query.derive]
            rows, self._memory[key] = derive(rows, self._memory.get(key), self._now())
        if query.rest:
            rows, self._rest[key] = summed_up(query, rows, self._rest.get(key))
        found = families(query, rows, key.target, key.database)
        return rows, self._store.rendered(key.target, found.families), found.dropped

    def _failed(self, kind: OutcomeKind, message: str, started: float) -> Outcome:
        seconds = self._timer() - started
        return Outcome(kind, at=self._now(), seconds=seconds, message=message)


def stretched(query: Query, seconds: float) -> float | None:
    """Return the interval at which runs of so many seconds stay within the query's budget.

    None when its own interval does. Turns come in whole intervals, so it is a multiple of that. So what costs
    more the more there is on the server, as reading all locks does, slows down by itself.
    """
    if query.budget is None or seconds <= query.budget * query.every:
        return None
    return math.ceil(seconds / query.budget / query.every) * query.every


def _place(key: JobKey) -> dict[str, object]:
    return {"target": key.target, "query": key.query, "datname": key.database}
