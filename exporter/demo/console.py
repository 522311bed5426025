"""Owns what the demo prints: lines that stay, and one line at the bottom that is written again and again."""

from __future__ import annotations

import shutil
from typing import TextIO


class Console:
    """Writes to `stream`; on a terminal the status is rewritten in place, elsewhere each one is a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.live = stream.isatty()
        self._status = ""

    def say(self, line: str) -> None:
        """Print a line that stays; a status line moves below it."""
        self._write(f"{self._erased()}{line}\n{self._status}")

    def status(self, line: str) -> None:
        """Show `line` as the newest state of affairs."""
        if not self.live:
            self._write(line + "\n")
            return
        erased = self._erased()
        self._status = line[: shutil.get_terminal_size().columns - 1]
        self._write(erased + self._status)

    def settle(self) -> None:
        """Leave the status line where it is: what follows begins on a line of its own."""
        if self._status:
            self._write("\n")
        self._status = ""

    def _erased(self) -> str:
        return "\r\x1b[K" if self._status else ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
