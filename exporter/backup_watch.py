"""Owns when backups are checked: one entry after the other, each in a thread with a deadline.

A thread that hangs in a dead network file system cannot be ended. It is left alone, and no other is started
for its entry before it comes back; other entries go on.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from exporter.aside import aside
from exporter.backup_reader import StoppedError
from exporter.backup_settings import BackupSettings
from exporter.backups import Inspector, Report
from exporter.model import JobKey
from exporter.render import Labels
from exporter.store import Store

DEADLINE = 120.0
# Between two parts of a check that takes long.
_PAUSE = 30.0
_TICK = 1.0


@dataclass(slots=True, eq=False)
class _Entry:
    """An entry over time. `due` is Unix time; `check` is the check that has not come back yet."""

    settings: BackupSettings
    labels: Labels
    inspector: Inspector
    due: float
    stop: Event = field(default_factory=Event)
    check: asyncio.Future[Report | None] | None = None

    @property
    def key(self) -> JobKey:
        return JobKey(f"backups {self.settings.name}", self.settings.target or "")


class BackupWatch:
    """Checks every entry in its turn; `now` is Unix time in seconds.

    What is found does not depend on a target that is down, so it is kept as the exporter's own metrics are.
    It cannot grow old there: every turn replaces it, also one that fails or takes too long.
    """

    def __init__(self, store: Store, now: Callable[[], float], deadline: float = DEADLINE) -> None:
        self._store = store
        self._now = now
        self._deadline = deadline
        self._entries: list[_Entry] = []

    def configure(self, wanted: Iterable[BackupSettings], labels: Mapping[str, Labels]) -> None:
        """Take the entries, and the labels of targets; what did not change keeps its values and its turn."""
        old = {(entry.settings, entry.labels): entry for entry in self._entries}
        now = self._now()
        new = [(settings, labels.get(settings.target or "", ())) for settings in wanted]
        self._entries = [
            old.pop(each) if each in old else _Entry(*each, Inspector(each[0], self._now), now)
            for each in new
        ]
        for entry in old.values():
            entry.stop.set()
            self._store.forget(entry.key)

    async def serve(self) -> None:
        """Check what is due, for ever."""
        try:
            while True:
                for entry in list(self._entries):
                    if entry.due <= self._now():
                        await self._turn(entry)
                await asyncio.sleep(_TICK)
        finally:
            for entry in self._entries:
                entry.stop.set()

    async def _turn(self, entry: _Entry) -> None:
        report: Report | None = None
        if entry.check is None or entry.check.done():
            entry.stop = Event()
            check = partial(_checked, entry.inspector, entry.stop.is_set)
            entry.check = aside(check, f"backups {entry.settings.name}")
            await asyncio.wait([entry.check], timeout=self._deadline)
            report = entry.check.result() if entry.check.done() else None
        entry.stop.set()
        if entry not in self._entries:
            return
        report = report or entry.inspector.failed("it takes too long")
        self._store.put_own(entry.key, report.families)
        wait = entry.settings.every
        entry.due = self._now() + (wait if report.complete else min(wait, _PAUSE))


def _checked(inspector: Inspector, is_stopped: Callable[[], bool]) -> Report | None:
    """Return what a check found; None when it was stopped or has a bug."""
    try:
        return inspector.check(is_stopped)
    except StoppedError:
        pass
    except Exception as error:  # noqa: BLE001 - a check must end with an answer, whatever happens in it
        return inspector.failed(f"a bug in the exporter: {_place(error)}", logging.ERROR)
    return None


def _place(error: Exception) -> str:
    """Return where it happened, without the exception's message: that might quote a backup."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {where.name}, line {where.lineno}"
