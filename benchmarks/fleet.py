"""Measures a daemon with hundreds of targets on real servers: start, memory, processor, pages, a reload.

    python benchmarks/fleet.py --dsn postgresql://monitor@127.0.0.1/postgres [--targets 500] [--check]

A target is a name and one connection to one of the servers, which need as many slots as there are targets.
The daemon is a process of its own, read from /proc (Linux). While it starts and reloads, a page is asked for
again and again.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# The worst page that anybody waits for, in seconds.
MOST_WAIT = 1.0


class Daemon:
    """A daemon with its configuration file, and what is asked of it."""

    def __init__(self, folder: Path, dsns: list[str], sets: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._file = folder / "exporter.yaml"
        self._dsns, self._sets = dsns, sets
        self._port = port

    def configure(self, names: list[str]) -> None:
        """Write a configuration with these targets."""
        lines = ["defaults: {max_connections: 1}", f"sets: [{self._sets}]", "targets:"]
        for number, name in enumerate(names):
            dsn = self._dsns[number % len(self._dsns)]
            lines.append(f"- {{name: {name}, dsn: '{dsn}', labels: {{env: prod}}}}")
        self._file.write_text("\n".join(lines) + "\n")

    def start(self) -> subprocess.Popen[bytes]:
        """Start it."""
        command = [sys.executable, "-m", "exporter", "run", f"--config.file={self._file}"]
        return subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{self._port}", "--web.enable-reload"],
            cwd=Path(__file__).parent.parent,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def get(self, path: str, *, post: bool = False) -> tuple[float, bytes]:
        """Return how long a page took, compressed as Prometheus has it, and what it is."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + path, data=b"" if post else None, headers={"Accept-Encoding": "gzip"}
        )
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback
            body: bytes = answer.read()
        return time.perf_counter() - started, body

    def is_there(self, path: str) -> bool:
        """Whether it answers with 200."""
        try:
            self.get(path)
        except (urllib.error.URLError, ConnectionError):
            return False
        return True


@contextmanager
def asking(daemon: Daemon, path: str) -> Iterator[list[float]]:
    """Ask for a page every 50 ms meanwhile; yields the list of how long it took, which is filled."""
    waits: list[float] = []
    end = threading.Event()

    def ask() -> None:
        while not end.wait(0.05):
            try:
                waits.append(daemon.get(path)[0])
            except (urllib.error.URLError, ConnectionError):
                continue

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        end.set()
        thread.join()


def main() -> int:
    """Measure, print a table, and with --check return 1 when a page took too long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", action="append", required=True, help="of a server; may be given again")
    parser.add_argument("--targets", type=int, default=500)
    parser.add_argument("--change", type=int, default=10, help="targets that the reload changes; default 10")
    parser.add_argument("--sets", default="connections, locks, database", help="sets of queries, with commas")
    parser.add_argument("--seconds", type=float, default=60, help="how long to watch it idle; default 60")
    parser.add_argument("--check", action="store_true", help="exit 1 when a page took too long")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(Path(folder), args.dsn, args.sets)
        names = [f"db-{number:03}" for number in range(args.targets)]
        daemon.configure(names)
        process = daemon.start()
        try:
            worst = _measure(daemon, process, names, args.change, args.seconds)
        finally:
            process.terminate()
            process.wait(120)
    return 1 if args.check and worst > MOST_WAIT else 0


def _measure(
    daemon: Daemon, process: subprocess.Popen[bytes], names: list[str], change: int, idle: float
) -> float:
    started = time.monotonic()
    _until(lambda: daemon.is_there("/healthz"), process)
    _row("run to listening", f"{time.monotonic() - started:.1f} s")
    probe = f"/probe?target={names[0]}"
    with asking(daemon, probe) as waits:
        _until(lambda: daemon.is_there("/readyz"), process)
    _row("run to ready: every query of every target ran", f"{time.monotonic() - started:.1f} s")
    _row("processor time until then", f"{_cpu_seconds(process.pid):.1f} s")
    worst = _waits("a target's page meanwhile", waits)
    time.sleep(2)
    before, since = _cpu_seconds(process.pid), time.monotonic()
    time.sleep(idle)
    _row(
        "of a core while nobody scrapes",
        f"{(_cpu_seconds(process.pid) - before) / (time.monotonic() - since):.1%}",
    )
    _row("resident", f"{_resident_mib(process.pid):.0f} MiB")
    for path in (probe, "/metrics", "/sd", "/readyz", "/"):
        took = [daemon.get(path) for _ in range(7)]
        typical = statistics.median(seconds for seconds, _ in took)
        _row(f"{path}, {len(took[-1][1]) / 1024:.0f} KiB: median", f"{typical * 1000:.1f} ms")
    since = time.monotonic()
    for name in names:
        daemon.get(f"/probe?target={name}")
    _row("all targets, a page each", f"{time.monotonic() - since:.2f} s")
    with asking(daemon, probe) as waits:
        before = _cpu_seconds(process.pid)
        daemon.configure(
            [f"{name}-new" if place >= len(names) - change else name for place, name in enumerate(names)]
        )
        seconds, _ = daemon.get("/-/reload", post=True)
        time.sleep(10)
    _row(f"reload that changes {change} targets", f"{seconds:.1f} s")
    _row("processor time of it and the ten seconds after", f"{_cpu_seconds(process.pid) - before:.1f} s")
    return max(worst, _waits("a target's page meanwhile", waits))


def _waits(what: str, waits: list[float]) -> float:
    ordered = sorted(waits)
    chosen = (statistics.median(ordered), ordered[len(ordered) * 99 // 100], ordered[-1])
    values = " / ".join(f"{seconds * 1000:.0f}" for seconds in chosen)
    _row(f"{what}: median / 99 % / worst of {len(waits)}", f"{values} ms")
    return ordered[-1]


def _row(what: str, value: str) -> None:
    print(f"{what:66} {value:>22}", flush=True)


def _until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    started = time.monotonic()
    while not condition():
        if process.poll() is not None or time.monotonic() - started > 300:
            raise SystemExit("the daemon ended, or takes longer than five minutes")
        time.sleep(0.05)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) / 1024 if match else 0.0


if __name__ == "__main__":
    sys.exit(main())
