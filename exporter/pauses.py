"""Owns which targets are paused: by what, since when, until when and why. Pure but for what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

LONGEST_REASON = 200


class By(StrEnum):
    """What pauses a target; where several do, the first of these is told."""

    CONFIGURATION = "configuration"
    FILE = "file"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a target is left alone. Unix times in seconds; `until` is None where somebody has to end it."""

    by: By
    since: float
    until: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        """Say it to people, with its times in UTC."""
        until = "" if self.until is None else f", until {_utc(self.until)}"
        why = f": {self.reason}" if self.reason else ""
        return f"paused by {self.by} since {_utc(self.since)}{until}{why}"


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def reason_in(text: str) -> str:
    """Return the first line of a text as a reason: what can be printed, and no more than a line's length."""
    first = next(iter(text.strip().splitlines()), "")
    return "".join(char for char in first if char.isprintable())[:LONGEST_REASON].strip()


@dataclass(slots=True)
class Pauses:
    """The pauses of all sources by target; a target is paused while any of them has one."""

    now: Callable[[], float]
    _by: dict[By, dict[str, Pause]] = field(default_factory=lambda: {by: {} for by in By})

    def of(self, target: str) -> Pause | None:
        """Return the pause of a target, None when there is none."""
        for pauses in self._by.values():
            pause = pauses.get(target)
            if pause is not None and (pause.until is None or self.now() < pause.until):
                return pause
        return None

    def configured(self, targets: Iterable[str]) -> None:
        """Take the targets that the configuration pauses; those that it did before stay paused since then."""
        old, now = self._by[By.CONFIGURATION], self.now()
        self._by[By.CONFIGURATION] = {name: old.get(name) or Pause(By.CONFIGURATION, now) for name in targets}

    def found(self, files: Mapping[str, Pause]) -> None:
        """Take what files say, all of them."""
        self._by[By.FILE] = dict(files)

    def pause(self, target: str, seconds: float | None, reason: str) -> None:
        """Pause a target for some seconds, None for until it is resumed; one that goes on keeps its begin."""
        now = self.now()
        old = self._by[By.ENDPOINT].get(target)
        since = old.since if old and (old.until is None or now < old.until) else now
        until = None if seconds is None else now + seconds
        self._by[By.ENDPOINT][target] = Pause(By.ENDPOINT, since, until, reason)

    def resume(self, target: str) -> Pause | None:
        """End a pause by the endpoint; return the one that there still is, by something else."""
        self._by[By.ENDPOINT].pop(target, None)
        return self.of(target)
