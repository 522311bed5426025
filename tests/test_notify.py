"""What systemd is told, over a real socket."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from exporter.notify import Notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_of_the_start_of_a_reload_and_of_the_end(tmp_path: Path, abstract: bool) -> None:
    name = (
        f"@pg-oauth-exporter-{tmp_path.name}-{time.monotonic_ns()}" if abstract else str(tmp_path / "notify")
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:] if abstract else name)
        systemd.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": name})
        notifier.ready("watching 3 targets")
        assert systemd.recv(1000) == b"READY=1\nSTATUS=watching 3 targets"
        before = time.monotonic_ns() // 1000
        notifier.reloading()
        first, second = systemd.recv(1000).decode().splitlines()
        assert first == "RELOADING=1"
        assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
        notifier.stopping()
        assert systemd.recv(1000).startswith(b"STOPPING=1\n")


@pytest.mark.parametrize("name", ["", "none", "/nowhere/notify"])
def test_where_nobody_listens_nothing_happens(name: str) -> None:
    Notifier({"NOTIFY_SOCKET": name} if name else {}).ready("x")


@pytest.mark.parametrize(
    ("environ", "patted"),
    [
        ({"WATCHDOG_USEC": "4000000"}, [True, False, True]),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "7"}, [True, False, True]),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "8"}, [False] * 3),
        ({"WATCHDOG_USEC": "0"}, [False] * 3),
        ({"WATCHDOG_USEC": "soon"}, [False] * 3),
        ({}, [False] * 3),
    ],
)
def test_the_watchdog_is_patted_at_half_its_time_when_it_is_ours(
    tmp_path: Path, environ: dict[str, str], patted: list[bool]
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), **environ}, pid=7)
        for now, expected in zip((100.0, 101.9, 102.0), patted, strict=True):
            notifier.alive(now)
            try:
                heard = systemd.recv(100) == b"WATCHDOG=1"
            except BlockingIOError:
                heard = False
            assert heard is expected
