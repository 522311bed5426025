"""Owns log lines that a stranger can cause: of each message one a minute, with how many were left out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_EVERY = 60.0


class Seldom(logging.Filter):
    """Lets each message pass once a minute; `timer` returns seconds that only grow."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._timer = timer
        self._passed: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written; it says how many like it were not."""
        key, now = str(record.msg), self._timer()
        if key in self._passed and now - self._passed[key] < _EVERY:
            self._held[key] = self._held.get(key, 0) + 1
            return False
        self._passed[key] = now
        held = self._held.pop(key, 0)
        if held:
            record.left_out = held
        return True
