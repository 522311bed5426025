"""Owns a primary and its standby that tests may cut apart, pause and change: no other test sees them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from clusters import Cluster
from farm import Farm
from servers import Server
from shipped import changed

_SETTINGS = {
    "archive_mode": "on",
    "hot_standby_feedback": "on",
    "logical_decoding_work_mem": "64kB",
    "shared_buffers": "16MB",
    "wal_init_zero": "off",
    "wal_level": "logical",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "100ms",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The two servers, both running; the standby streams from the primary."""

    primary: Server
    standby: Server

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Take the standby's way to its primary away, and give it back and wait until it has caught up."""
        with changed(self.standby, "primary_conninfo", "''"):
            self.wait("not exists (select from pg_stat_wal_receiver)")
            yield
        self.wait("exists (select from pg_stat_wal_receiver where status = 'streaming')")
        self.standby.catch_up()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the standby's replay, and resume it and wait until it has caught up."""
        self.standby.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.standby.execute("SELECT pg_wal_replay_resume()")
        self.standby.catch_up()

    def wait(self, condition: str, *, on_primary: bool = False) -> None:
        """Wait until a condition in SQL holds on the standby, or on the primary."""
        wait(self.primary if on_primary else self.standby, condition)


def wait(server: Server, condition: str, database: str = "postgres", timeout: float = 20) -> None:
    """Wait until a condition in SQL holds; raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while server.execute(f"SELECT {condition}", database) != [(True,)]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"on PostgreSQL {server.major} it never came true that {condition}")
        time.sleep(0.02)


def start_pair(farm: Farm, major: int, name: str = "own") -> Pair:
    """Start both; raises NoServerError."""
    cluster = farm.create(major, name)
    # In files, as what is set on the command line cannot be changed.
    _configure(cluster, {"archive_command": "true"})
    primary = cluster.start()
    other = farm.clone(cluster, f"{name}-standby", primary)
    _configure(other, {"primary_conninfo": other.settings.pop("primary_conninfo")})
    standby = other.start()
    wait(primary, "exists (select from pg_stat_replication where state = 'streaming')")
    return Pair(primary, standby)


def _configure(cluster: Cluster, changeable: Mapping[str, str]) -> None:
    cluster.settings |= _SETTINGS
    with (cluster.data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in changeable.items())
