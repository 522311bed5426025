"""Pauses and hours of a real exporter over a real server: each way in, and what is left on the page."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from daemon import Daemon
from servers import Server

PAUSED = "pg_exporter_target_paused"


def config(server: Server, *paused: str, **more: object) -> dict[str, object]:
    """Return two targets on one server, told apart there by the names of their sessions."""
    targets: list[dict[str, object]] = [
        {"name": name, "dsn": f"{server.monitor_dsn()}?application_name=pause_{name}"}
        for name in ("main", "other")
    ]
    marked = [{**each, "paused": each["name"] in paused} for each in targets]
    return {"targets": marked, "sets": ["activity"], "web": {"enable_reload": True}, **more}


def sessions(server: Server, name: str) -> int:
    counted = server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pause_{name}'")
    return int(str(counted[0][0]))


def said(daemon: Daemon, name: str) -> set[str]:
    """Return the names of all series of a target."""
    page = daemon.get("/metrics").text.splitlines()
    return {line.split("{")[0] for line in page if f'target="{name}"' in line and line[0] != "#"}


def post(daemon: Daemon, path: str) -> httpx.Response:
    return httpx.post(f"{daemon.url}{path}", timeout=30)


def target(daemon: Daemon, name: str) -> dict[str, object]:
    targets = daemon.get("/api/v1/status").json()["targets"]
    [found] = [each for each in targets if each["name"] == name]
    assert isinstance(found, dict)
    return found


@pytest.mark.slow
def test_a_target_paused_over_http_is_left_alone_until_it_is_resumed(
    tmp_path: Path, a_server: Server
) -> None:
    with Daemon(tmp_path, config(a_server)) as daemon:
        daemon.until_ready()
        assert sessions(a_server, "main") > 0
        assert post(daemon, "/-/targets/main/pause?reason=disk").status_code == 200
        assert said(daemon, "main") == {PAUSED}
        daemon.until(lambda: sessions(a_server, "main") == 0, "close its connections")
        assert daemon.samples("pg_up", target="other") == [1]
        assert daemon.get("/readyz").status_code == 200
        state = target(daemon, "main")
        assert (state["state"], state["up"]) == ("paused", False)
        assert state["paused"] | {"since": 0} == {  # type: ignore[operator]  # a mapping
            "by": "endpoint",
            "since": 0,
            "until": None,
            "reason": "disk",
        }
        assert "main" in daemon.get("/").text

        assert post(daemon, "/-/reload").status_code == 200
        assert said(daemon, "main") == {PAUSED}, "a reload ends no pause"

        assert post(daemon, "/-/targets/main/resume").status_code == 200
        daemon.until(lambda: daemon.samples("pg_up", target="main") == [1], "come back", 5)
        assert daemon.samples(PAUSED) == []
        daemon.until_ready()

        assert post(daemon, "/-/targets/main/pause?for=1s").status_code == 200
        daemon.until(lambda: daemon.samples("pg_up", target="main") == [1], "end by itself", 10)


@pytest.mark.slow
def test_files_and_the_configuration_pause_a_target_and_hours_a_query(
    tmp_path: Path, a_server: Server
) -> None:
    folder = tmp_path / "pauses"
    folder.mkdir()
    (folder / "main").write_text("moved to a new rack\n")
    with Daemon(tmp_path, config(a_server, pause_dir="pauses")) as daemon:
        daemon.until(lambda: daemon.samples("pg_up", target="other") == [1], "see the other target")
        assert said(daemon, "main") == {PAUSED}
        assert "target is up" not in "".join(line for line in daemon.logs.splitlines() if "main" in line)
        said_of_it = str(target(daemon, "main")["problem"])
        assert said_of_it.startswith("paused by file since 20")
        assert said_of_it.endswith(" UTC: moved to a new rack")
        assert said_of_it in daemon.get("/targets/main").text
        assert daemon.get("/targets/main/healthy").status_code == 503
        answer = post(daemon, "/-/targets/main/resume")
        assert (answer.status_code, "by file" in answer.text) == (409, True)
        (folder / "main").unlink()
        daemon.until(lambda: daemon.samples("pg_up", target="main") == [1], "see that the file is gone", 10)
        (folder / "other").touch()
        daemon.until(lambda: said(daemon, "other") == {PAUSED}, "see the file", 10)

        never = {"targets": ["main"], "queries": ["stat_activity"], "never": "* * * * *"}
        daemon.configure(config(a_server, "other", quiet_hours=[never]))
        assert post(daemon, "/-/reload").status_code == 200
        assert said(daemon, "other") == {PAUSED}
        assert str(target(daemon, "other")["problem"]).startswith("paused by configuration since ")
        daemon.until(lambda: daemon.samples("pg_exporter_query_skipped", reason="window") == [1], "rest", 10)
        daemon.until_ready()

        daemon.configure(config(a_server))
        assert post(daemon, "/-/reload").status_code == 200
        daemon.until(lambda: daemon.samples("pg_up", target="other") == [1], "come back", 5)
        daemon.until(lambda: daemon.samples("pg_exporter_query_skipped", reason="window") == [], "run", 10)
        daemon.until_ready()
