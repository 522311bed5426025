"""Owns a pace: what hundreds want at once is done one after the other, so that pages are served meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Pace:
    """Gives places in time, so many a second; `now` is in seconds."""

    def __init__(self, per_second: float, now: Callable[[], float]) -> None:
        self._apart = 1 / per_second
        self._now = now
        self._free_from = 0.0

    def place(self, most: int) -> float:
        """Return in how many seconds the next place is, for one of at most so many.

        That bounds it when the clock is set back, too.
        """
        now = self._now()
        at = min(max(now, self._free_from), now + most * self._apart)
        self._free_from = at + self._apart
        return at - now

    async def turn(self, most: int) -> None:
        """Wait for the next place."""
        if (seconds := self.place(most)) > 0:
            await asyncio.sleep(seconds)
