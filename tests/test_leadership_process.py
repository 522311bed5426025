"""Two real processes with one configuration: what the one that follows answers, and what it takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import Daemon
from servers import Server

BACKUPS = 'pg_backup_check_success{target="main",backup="nightly"}'
LEADER = 'pg_exporter_leader{target="main"}'


def daemon(folder: Path, name: str, dsn: str) -> Daemon:
    (folder / name).mkdir()
    (folder / "backups").mkdir(exist_ok=True)
    backups = [{"name": "nightly", "path": str(folder / "backups"), "target": "main"}]
    config = {"targets": [{"name": "main", "dsn": dsn}], "sets": ["locks"], "backups": backups}
    return Daemon(folder / name, config, "--leader-election")


def series(daemon: Daemon, path: str = "/metrics") -> set[str]:
    """Return the series that are about the target."""
    lines = daemon.get(path).text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if 'target="main"' in line}


@pytest.mark.slow
def test_a_follower_is_ready_and_answers_from_facts_and_takes_over_backups_too(
    tmp_path: Path, a_server: Server, database: str
) -> None:
    dsn = a_server.monitor_dsn(database)
    with daemon(tmp_path, "one", dsn) as leader:
        leader.until(lambda: BACKUPS in series(leader), "show the backups")
        with daemon(tmp_path, "two", dsn) as follower:
            follower.until_ready()
            assert series(follower) == series(follower, "/probe?target=main") == {LEADER}
            assert follower.get("/targets/main/primary").status_code == 200
            [status] = follower.get("/api/v1/status").json()["targets"]
            assert (status["state"], status["up"]) == ("follower", True)
            before = series(leader)
            leader.process.kill()
            follower.until(lambda: series(follower) == before, "take over")
