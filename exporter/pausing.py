"""Owns where pauses come from over time: the configuration, a folder that is looked at, and the endpoint."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from exporter.aside import aside
from exporter.document import reason
from exporter.pauses import By, Pause, Pauses, reason_in
from exporter.settings import Settings

log = logging.getLogger(__name__)

_EVERY = 2.0
_READ = 1024  # bytes of a file; a reason is one line


class Pausing:
    """Keeps the pauses up to date; `apply` is called whenever they may have changed."""

    def __init__(self, now: Callable[[], float], apply: Callable[[], Awaitable[None]]) -> None:
        self.of = (pauses := Pauses(now)).of
        self._pauses = pauses
        self._apply = apply
        self._folder: Path | None = None
        self._problem = ""

    def configure(self, settings: Settings) -> None:
        """Take the settings; another folder is looked into at the next turn."""
        self._pauses.configured(target.name for target in settings.targets if target.paused)
        self._folder = settings.pause_dir
        if self._folder is None:
            self._pauses.found({})

    def look(self) -> None:
        """Look into the folder now, so that nobody connects to a target that is paused from the start."""
        if self._folder is not None:
            self._take(partial(files_in, self._folder))

    async def serve(self) -> None:
        """Look into the folder and end what has come to its end, for ever."""
        reading: tuple[Path, asyncio.Future[Mapping[str, Pause]]] | None = None
        while True:
            if reading is None and self._folder is not None:
                reading = self._folder, aside(partial(files_in, self._folder), "pause_dir")
            if reading is not None:
                folder, future = reading
                # A file system that hangs keeps the other pauses from nothing, and gets no second thread.
                await asyncio.wait([future], timeout=_EVERY)
                if future.done():
                    reading = None
                    if folder == self._folder:
                        self._take(future.result)
            try:
                await self._apply()
            except Exception:
                log.exception("a bug in the exporter")
            await asyncio.sleep(_EVERY)

    async def pause(self, target: str, seconds: float | None, why: str) -> Pause:
        """Pause a target over the endpoint; when this returns it is."""
        self._pauses.pause(target, seconds, why)
        await self._apply()
        return self.of(target) or Pause(By.ENDPOINT, 0.0)

    async def resume(self, target: str) -> Pause | None:
        """End a pause by the endpoint; return the one that goes on, by something else."""
        rest = self._pauses.resume(target)
        await self._apply()
        return rest

    def _take(self, result: Callable[[], Mapping[str, Pause]]) -> None:
        """Take what a look found; where it failed what was known goes on."""
        try:
            self._pauses.found(result())
            problem = ""
        except OSError as error:
            problem = reason(error)
        if problem and problem != self._problem:
            log.warning(
                "pause_dir cannot be read: pauses by files stay as they are", extra={"reason": problem}
            )
        self._problem = problem


def files_in(folder: Path) -> Mapping[str, Pause]:
    """Return the pauses that the files in a folder are, by their names; the first line of each is the reason.

    Raises:
        OSError: the folder cannot be read; of a file that cannot be, the reason is missing and nothing else.
    """
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                found[entry.name] = Pause(By.FILE, entry.stat().st_mtime, reason=_reason_of(entry.path))
    return found


def _reason_of(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return reason_in(file.read(_READ).decode(errors="replace"))
    except OSError:
        return ""
