"""Owns telling systemd how we are: sd_notify's datagrams, and silence where nobody asked."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping


class Notifier:
    """Speaks to the socket that `environ` names; `pid` is our own."""

    def __init__(self, environ: Mapping[str, str], pid: int | None = None) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._every = _watchdog(environ, os.getpid() if pid is None else pid)
        self._patted = 0.0

    def ready(self, status: str) -> None:
        """Say that we serve, also after a reload."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Say that a reload has begun; `ready` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that we are about to end."""
        self._send("STOPPING=1", "STATUS=letting running queries end")

    def alive(self, now: float) -> None:
        """Pat the watchdog once half its time has gone by; `now` in seconds that only grow."""
        if self._every is not None and now - self._patted >= self._every:
            self._patted = now
            self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            sending.sendto("\n".join(lines).encode(), address)


def _watchdog(environ: Mapping[str, str], pid: int) -> float | None:
    """Return every how many seconds the watchdog is to hear of us, None when there is none."""
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2e6 if microseconds.isdigit() and int(microseconds) else None
