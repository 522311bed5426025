"""Owns ten servers with ten databases each, a hundred targets, and who reads all pages about them."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from binaries import Binaries
from clusters import Cluster
from daemon import Daemon
from farm import Farm
from servers import MONITOR, MONITOR_PASSWORD, Server

SERVERS, DATABASES = 10, 10
EVERY = 4.0
LOOK = 5.0
CONNECTIONS = 2
PAUSE = 0.2
QUERIES = {
    "pid": """\
-- help: Who is asked.
-- every: 4s
-- timeout: 2s
-- labels: []
-- metrics:
--   test_pid: {column: pid, type: gauge, help: "The process that answers."}

SELECT pg_catalog.pg_backend_pid() AS pid
""",
    "commits": """\
-- help: Commits.
-- every: 4s
-- timeout: 2s
-- labels: []
-- metrics:
--   test_commits_total: {column: commits, type: counter, help: "Commits in the database."}

SELECT pg_catalog.pg_stat_get_db_xact_commit(d.oid) AS commits
FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
""",
}
_SMALL = {
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "100",
    "max_wal_senders": "0",
    "shared_buffers": "4MB",
    "wal_level": "minimal",
}
_BACKENDS = """
SELECT datname, application_name, count(*) FROM pg_catalog.pg_stat_activity
WHERE application_name LIKE 'replica-%' GROUP BY 1, 2
"""
_TARGET = re.compile(r'target="([^"]*)"')
_WHICH = re.compile(r'(target|database)="[^"]*"')


def start_servers(farm: Farm) -> list[Server]:
    """Start the servers: copies of one, which had its databases made."""
    major = next(major for major in reversed(farm.available) if isinstance(farm.sources.get(major), Binaries))
    first: Cluster = farm.create(major, "hundred")
    first.settings |= _SMALL
    server = first.start()
    server.monitor_dsn()
    for number in range(DATABASES):
        server.execute(f"CREATE DATABASE d{number}")
    first.stop()
    others = farm.copies(first, SERVERS - 1)
    return [cluster.start() for cluster in (first, *others)]


def all_targets(servers: Iterable[Server]) -> dict[str, str]:
    """Return the DSN of each target by its name."""
    return {
        f"s{number}-d{database}": server.dsn(f"d{database}", MONITOR, MONITOR_PASSWORD)
        for number, server in enumerate(servers)
        for database in range(DATABASES)
    }


class Replica(Daemon):
    """One exporter; its connections can be told from those of the others."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        (home := folder / name).mkdir()
        for query, text in QUERIES.items():
            (home / "queries" / "hundred").mkdir(parents=True, exist_ok=True)
            (home / "queries" / "hundred" / f"{query}.sql").write_text(text)
        self._home = home
        super().__init__(home, {})

    def configured(self, targets: Mapping[str, str], shard: str) -> Replica:
        """Write the configuration anew."""
        listed = [
            {"name": name, "dsn": make_conninfo(dsn, application_name=f"replica-{self.name}")}
            for name, dsn in targets.items()
        ]
        self.configure(
            {
                "targets": listed,
                "defaults": {"max_connections": CONNECTIONS},
                "shard": shard,
                "sets": ["hundred"],
                "queries_dirs": ["queries"],
                "leader_election": {"enabled": True},
            }
        )
        return self


@dataclass(slots=True)
class Reading:
    """One page at one moment: the series that have a target, with their values, but who leads."""

    at: float
    series: dict[str, str]


@dataclass
class Sampler:
    """Reads all pages and counts all connections again and again, and notes what must not be."""

    servers: list[Server]
    faults: list[str] = field(default_factory=list)
    readings: int = 0
    _pages: dict[str, http.client.HTTPConnection] = field(default_factory=dict)
    _last: dict[str, Reading] = field(default_factory=dict)
    _seen: dict[str, float] = field(default_factory=dict)
    _commits: dict[str, float] = field(default_factory=dict)
    _longest: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ends: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._read_pages), threading.Thread(target=self._count)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join(30)

    def watch(self, replica: Replica) -> None:
        """Read its page, too."""
        with self._lock:
            self._pages[replica.name] = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=10)

    def leave(self, replica: Replica) -> None:
        """Read its page no more."""
        with self._lock:
            self._pages.pop(replica.name).close()
            self._last.pop(replica.name, None)

    def forget(self, targets: Iterable[str]) -> None:
        """Expect nothing of these targets any longer."""
        with self._lock:
            for target in targets:
                self._seen.pop(target, None)

    def leaders(self) -> dict[str, tuple[str, str]]:
        """Return on whose page each target is, and which process of its server answers."""
        with self._lock:
            return {
                _TARGET.search(series)[1]: (name, value)  # type: ignore[index]  # each has one
                for name, reading in self._last.items()
                for series, value in reading.series.items()
                if series.startswith("test_pid{")
            }

    def shapes(self) -> dict[str, frozenset[str]]:
        """Return the series of each target without what tells it from the others."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        with self._lock:
            for reading in self._last.values():
                for series in reading.series:
                    target = _TARGET.search(series)
                    assert target
                    found[target[1]].add(_WHICH.sub("", series))
        return {target: frozenset(series) for target, series in found.items()}

    def longest_gap(self) -> float:
        """Return the longest time in seconds for which a target that had values had none, so far."""
        now = time.monotonic()
        with self._lock:
            lasting = [now - at for at in self._seen.values()]
            return max([0.0, *self._longest.values(), *lasting])

    def _read_pages(self) -> None:
        while not self._ends.wait(PAUSE):
            for name in list(self._pages):
                with self._lock:
                    page = self._pages.get(name)
                    if page is not None:
                        self._take(name, page)

    def _take(self, name: str, page: http.client.HTTPConnection) -> None:
        try:
            page.request("GET", "/metrics")
            text = page.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            page.close()  # killed, and not left yet
            self._last.pop(name, None)
            return
        lines = (line.rpartition(" ") for line in text.splitlines() if 'target="' in line)
        series = {key: value for key, _, value in lines if not key.startswith(("pg_exporter_leader", "#"))}
        new, old = Reading(time.monotonic(), series), self._last.get(name)
        self.readings += 1
        self._last[name] = new
        self._note(series, new.at)
        if old is not None:
            self._compare(name, old, new)

    def _note(self, series: Mapping[str, str], now: float) -> None:
        for key, value in series.items():
            target = _TARGET.search(key)
            if target and key.startswith("test_pid{"):
                gap = now - self._seen.get(target[1], now)
                self._longest[target[1]] = max(gap, self._longest.get(target[1], 0.0))
                self._seen[target[1]] = now
            elif target and key.startswith("test_commits_total{"):
                before = self._commits.get(target[1], 0.0)
                if float(value) < before:
                    self.faults.append(f"{key} fell from {before} to {value}")
                self._commits[target[1]] = float(value)

    def _compare(self, name: str, old: Reading, new: Reading) -> None:
        """What was on this page before and after another was read was there meanwhile."""
        stayed = old.series.keys() & new.series.keys()
        for other, reading in self._last.items():
            if other != name and old.at < reading.at < new.at and (both := stayed & reading.series.keys()):
                self.faults.append(f"on the pages of {name} and {other}: {len(both)}, {min(both)}")
        for key in stayed:
            if key.startswith("pg_exporter_query_runs_total{") and float(new.series[key]) < float(
                old.series[key]
            ):
                self.faults.append(f"{name}: {key} fell from {old.series[key]} to {new.series[key]}")

    def _count(self) -> None:
        connections = [psycopg.connect(server.dsn(), autocommit=True) for server in self.servers]
        while not self._ends.wait(1.0):
            for number, connection in enumerate(connections):
                for database, replica, count in connection.execute(_BACKENDS.encode()).fetchall():
                    if count > CONNECTIONS:
                        self.faults.append(f"{replica} has {count} connections to s{number}-{database}")
        for connection in connections:
            connection.close()


def skip_without_programs(farm: Farm) -> None:
    """Skip where no server can be started by its programs."""
    if not any(isinstance(farm.sources.get(major), Binaries) for major in farm.available):
        pytest.skip("no programs of PostgreSQL to start ten servers")
