"""Owns what the supervisors of all targets share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from exporter.model import JobKey
from exporter.pace import Pace
from exporter.plan import Plan
from exporter.runner import Runner
from exporter.store import Store
from exporter.telemetry import Telemetry


class Turns(Protocol):
    """Who gives jobs their turns; see `schedule.Schedule`."""

    def sync(self, target: str, jobs: Mapping[JobKey, float]) -> None:
        """Make these (key to interval) all jobs of the target."""

    def run_soon(self, keys: Iterable[JobKey]) -> None:
        """Let these jobs run now."""

    def run_in(self, key: JobKey, seconds: float) -> None:
        """Let the job run once more in so many seconds."""


# A look takes 10 to 20 ms of our own processor time.
_LOOKS_PER_SECOND = 40
_LOOKS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Engine:
    """What all targets share."""

    store: Store
    telemetry: Telemetry
    runner: Runner
    turns: Turns
    now: Callable[[], float]
    random: Callable[[], float]
    looks: Pace = field(default_factory=lambda: Pace(_LOOKS_PER_SECOND, time.monotonic))

    async def look_in_turn(self) -> None:
        """Wait until a target may be looked at: at a start or a reload, all want to be at once."""
        await self.looks.turn(most=_LOOKS_AT_ONCE)

    def exchange(self, target: str, old: Plan, new: Plan) -> None:
        """Let go of the jobs that are no more, say which do not apply, and hand the others their turns."""
        known = new.active.keys() | new.skipped.keys()
        for key in {*old.active, *old.skipped}:
            if old.of(key) != new.of(key) or key not in known:
                self.runner.forget(key)
            elif key in new.resting:  # its counts go on where they were
                self.store.drop(key)
        for key, reason in new.skipped.items():
            self.store.put_own(key, self.telemetry.skip_families(key, reason))
        for key, query in new.active.items():
            self.runner.publish_own(key, query)
        self.turns.sync(target, {key: query.every for key, query in new.active.items()})
