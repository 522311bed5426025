"""Owns careful reading of a file that may be cut: what is missing is an error, and one can stop it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from exporter.errors import ExporterError

_STEPS_BETWEEN_LOOKS = 1024


class CutError(ExporterError):
    """The file ends before it should, or holds at some place what cannot be there."""


class StoppedError(ExporterError):
    """Nobody waits for the answer any more."""


class Reader:
    """Reads a file of `size` bytes from where it stands; `stopped` is asked now and then."""

    def __init__(self, file: BinaryIO, size: int, stopped: Callable[[], bool]) -> None:
        self.file = file
        self.size = size
        self._stopped = stopped
        self.steps = 0

    def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes; raises CutError when there are fewer."""
        data = self.file.read(count)
        if len(data) < count:
            raise CutError
        return data

    def number(self, count: int) -> int:
        """Return the next `count` bytes as an unsigned number, lowest byte first; raises CutError."""
        return int.from_bytes(self.exactly(count), "little")

    def skip(self, count: int) -> None:
        """Go on behind the next `count` bytes; raises CutError when there are fewer."""
        if count < 0 or self.file.seek(count, os.SEEK_CUR) > self.size:
            raise CutError

    def last(self, count: int) -> bytes:
        """Return the last `count` bytes of the file, or all there are, and stay where the file stands."""
        here = self.file.tell()
        self.file.seek(max(0, self.size - count))
        data = self.file.read(count)
        self.file.seek(here)
        return data

    def is_at_end(self) -> bool:
        """Tell whether nothing is left."""
        return self.file.tell() >= self.size

    def step(self) -> None:
        """Count a step of a long walk; raises StoppedError when it is no longer wanted."""
        self.steps += 1
        if not self.steps % _STEPS_BETWEEN_LOOKS:
            self.look()

    def look(self) -> None:
        """Raise StoppedError when the answer is no longer wanted."""
        if self._stopped():
            raise StoppedError
