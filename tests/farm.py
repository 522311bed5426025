"""Owns all PostgreSQL servers of a test session: which majors, from where, started when first asked for."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import binaries
import clusters
import containers
from servers import Server

SUPPORTED = (13, 14, 15, 16, 17, 18)

_OWN_FIELDS = {"host", "hostaddr", "port", "user", "dbname", "password"}

# Ends servers and removes their data when the session itself was killed: its end of the pipe closes then.
_JANITOR = """
cat >/dev/null
for file in "$0"/*/data/postmaster.pid; do
    [ -e "$file" ] && pid="$(head -n 1 "$file")" && kill -INT "$pid" && kill -CONT "$pid"
done
sleep 2
rm -rf "$0"
"""


class NoServerError(Exception):
    """No source has that server, and why."""


class Farm:
    """Servers by major version. One that was started runs until `close`."""

    def __init__(self, majors: Collection[int] | None, dsns: str = "") -> None:
        self._wanted = majors
        self._dsns = dsns.split()
        self._running: dict[tuple[int, bool], Server] = {}
        self._clusters: dict[int, clusters.Cluster | containers.Container] = {}
        self._own: list[clusters.Cluster] = []  # standbys, and what tests started for themselves
        self._others: dict[tuple[int, str], Server] = {}
        self._janitor: subprocess.Popen[bytes] | None = None
        self.notes: list[str] = []

    @cached_property
    def _given(self) -> dict[tuple[int, bool], tuple[Server, str]]:
        """The servers of TEST_DSN, by major and whether they are standbys, with their versions."""
        servers = {}
        for number, dsn in enumerate(self._dsns, 1):
            server, version = _connect(dsn, number)
            servers[server.major, server.standby] = server, version
        return servers

    @cached_property
    def majors(self) -> tuple[int, ...]:
        """The majors that tests ask for: those wanted, else all supported and whatever TEST_DSN names."""
        given = {major for major, _ in self._given}
        return tuple(sorted(self._wanted if self._wanted is not None else given.union(SUPPORTED)))

    @cached_property
    def sources(self) -> Mapping[int, binaries.Binaries | containers.Image]:
        """What can be started, by major. What npm or Docker lack here is downloaded now."""
        missing = [major for major in self.majors if (major, False) not in self._given]
        images = containers.find(missing, self.notes) if missing else {}
        missing = [major for major in missing if major not in images]
        found, notes = binaries.find(missing) if missing else ({}, [])
        self.notes += notes
        return {**images, **found}

    @property
    def available(self) -> tuple[int, ...]:
        """The majors that have a primary."""
        return tuple(m for m in self.majors if (m, False) in self._given or m in self.sources)

    def missing(self, required: Collection[int]) -> list[int]:
        """Return what no source has of `required`; raises NoServerError when TEST_DSN is wrong."""
        given = {major for major, standby in self._given if not standby}
        undecided = set(required) - given
        return sorted(undecided.difference(self.available)) if undecided else []

    def describe(self) -> str:
        """Say in one line what is tested, and why what is missing is missing."""
        parts = []
        for major in self.available:
            if (major, False) in self._given:
                parts.append(f"{self._given[major, False][1]} (TEST_DSN)")
            else:
                parts.append(f"{self.sources[major].version} ({self.sources[major].source})")
        missing = sorted(set(self.majors) - set(self.available))
        if missing:
            parts.append(f"without {', '.join(map(str, missing))} ({'; '.join(self.notes)})")
        return ", ".join(parts) or "none asked for"

    def primary(self, major: int) -> Server:
        """Return the primary of that version, started if need be; raises NoServerError."""
        key = (major, False)
        if key not in self._running:
            self._running[key] = self._given[key][0] if key in self._given else self._start(major)
        return self._running[key]

    def standby(self, major: int) -> Server:
        """Return a streaming standby of that version's primary; raises NoServerError."""
        key = (major, True)
        if key not in self._running:
            primary = self.primary(major)
            if (major, False) not in self._given:
                self._running[key] = self._start_standby(major, primary)
            elif key in self._given:
                self._running[key] = replace(self._given[key][0], primary=primary)
            else:
                raise NoServerError(f"TEST_DSN has no standby of PostgreSQL {major}")
        return self._running[key]

    def create(self, major: int, name: str) -> clusters.Cluster:
        """Return a cluster of somebody's own, not started; it ends with the others. Raises NoServerError."""
        source = self.sources.get(major)
        if not isinstance(source, binaries.Binaries):
            raise NoServerError(f"no programs of PostgreSQL {major} here to start a server of a test's own")
        cluster = clusters.create(source, self._folder / f"{major}-{name}")
        self._own.append(cluster)
        return cluster

    def another(self, major: int, name: str, settings: Mapping[str, str]) -> Server:
        """Return one more primary, with settings that only a start can give; raises NoServerError."""
        if (major, name) not in self._others:
            cluster = self.create(major, name)
            cluster.settings |= settings
            self._others[major, name] = cluster.start()
        return self._others[major, name]

    def copies(self, cluster: clusters.Cluster, count: int) -> list[clusters.Cluster]:
        """Return so many copies of such a cluster, which must not run; themselves not started."""
        made = [cluster.copy(Path(f"{cluster.folder}-{number}")) for number in range(count)]
        self._own += made
        return made

    def clone(self, cluster: clusters.Cluster, name: str, primary: Server) -> clusters.Cluster:
        """Return a standby of such a cluster, which runs; itself not started. Raises NoServerError."""
        try:
            standby = cluster.clone(self._folder / f"{primary.major}-{name}", primary)
        except clusters.NoStandbyError as error:
            raise NoServerError(str(error)) from None
        self._own.append(standby)
        return standby

    def close(self) -> None:
        """Stop every server that was started here and remove its data."""
        for cluster in (*reversed(self._own), *self._clusters.values()):
            cluster.stop()
        self._own.clear()
        self._others.clear()
        self._clusters.clear()
        self._running.clear()
        if self._janitor is not None and self._janitor.stdin is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._janitor.terminate()
            self._janitor.stdin.close()
            self._janitor.wait(10)
            self._janitor = None

    @cached_property
    def _folder(self) -> Path:
        """The folder of all data of this session, watched over by the janitor."""
        folder = Path(tempfile.mkdtemp(prefix="pgtest-"))
        folder.chmod(0o755)  # it holds nothing itself; each server's folder is closed to others
        self._janitor = subprocess.Popen(
            ["/bin/sh", "-c", _JANITOR, folder], stdin=subprocess.PIPE, cwd="/", start_new_session=True
        )
        return folder

    def _start(self, major: int) -> Server:
        source = self.sources.get(major)
        if source is None:
            raise NoServerError(f"no PostgreSQL {major} here: {'; '.join(self.notes)}")
        if isinstance(source, containers.Image):
            container = self._clusters[major] = containers.Container(source)
            return container.start()
        cluster = self._clusters[major] = clusters.create(source, self._folder / str(major))
        return cluster.start()

    def _start_standby(self, major: int, primary: Server) -> Server:
        origin = self._clusters[major]
        if isinstance(origin, containers.Container):
            return origin.start_standby(primary)
        return self.clone(origin, "standby", primary).start()


def _connect(dsn: str, number: int) -> tuple[Server, str]:
    """Turn a DSN of the environment into a Server by asking it what it is; no message shows the DSN."""
    import psycopg  # noqa: PLC0415 - a run without a server must not need it

    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version'), pg_is_in_recovery()"
            ).fetchone()
            version, standby = row or ("", False)
            info = connection.info
            given = {key: value for key, value in info.get_parameters().items() if key not in _OWN_FIELDS}
            major = info.server_version // 10000
            server = Server(major, info.host, info.port, info.user, standby, info.password, given)
    except psycopg.Error:
        raise NoServerError(
            f"server {number} of TEST_DSN does not answer: check its address and login"
        ) from None
    return server, version.split()[0]
