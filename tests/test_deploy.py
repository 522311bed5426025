"""Rules about deploy/: what it holds is valid, and fits the alerts and the exporter that it is for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from daemon import ROOT
from exporter.web_settings import Web
from programs import require
from shipped_alerts import ALERTING

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd/pg-oauth-exporter.service"
SOCKET = DEPLOY / "systemd/pg-oauth-exporter.socket"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["prometheus.yml", "fleet.yml"])
def test_prometheus_takes_the_configuration_with_every_rule_beside_it(tmp_path: Path, name: str) -> None:
    promtool = require("promtool")
    shutil.copy(DEPLOY / "prometheus" / name, tmp_path)
    (tmp_path / "rules").mkdir()
    rules = sorted((ROOT / "alerts").glob("*.rules.yml"))
    for file in rules:
        shutil.copy(file, tmp_path / "rules")
    done = run(promtool, "check", "config", tmp_path / name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"SUCCESS: \d+ rules found", done.stdout)) == len(rules) > 0


@pytest.mark.parametrize("name", ["prometheus.yml", "fleet.yml"])
def test_the_job_and_the_intervals_are_those_for_which_the_alerts_are_made(name: str) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / name).read_text())
    [job] = config["scrape_configs"]
    assert job["job_name"] == ALERTING.thresholds.settings.job
    page = (ROOT / "alerts/README.md").read_text()
    scraped = re.search(r"the\s+scrape interval \((\w+)\)", page)
    assert scraped is not None
    assert config["global"]["scrape_interval"] == config["global"]["evaluation_interval"] == scraped[1]


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is here."""
    copy = tmp_path / UNIT.name
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text(), flags=re.MULTILINE)
    copy.write_text(text)
    return copy


def test_systemd_understands_every_line_of_the_unit(unit: Path) -> None:
    done = run(require("systemd-analyze", "REQUIRE_SYSTEMD"), "verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_understands_every_line_of_the_socket_that_belongs_to_the_unit(unit: Path) -> None:
    socket = unit.with_name(SOCKET.name)
    shutil.copy(SOCKET, socket)
    done = run(require("systemd-analyze", "REQUIRE_SYSTEMD"), "verify", "--man=no", socket)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_socket_is_where_the_exporter_listens_by_itself() -> None:
    assert f"\nListenStream={Web().listen_address[0]}\n" in SOCKET.read_text()


def test_the_unit_is_shut_up_as_well_as_systemd_can_tell(unit: Path) -> None:
    program = require("systemd-analyze", "REQUIRE_SYSTEMD")
    done = run(program, "security", "--offline=yes", "--threshold=20", "--no-pager", unit)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_the_unit_waits_longer_for_the_end_than_the_exporter_gives_its_queries() -> None:
    stop = re.search(r"^TimeoutStopSec=(\d+)s$", UNIT.read_text(), re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > 10  # the default of shutdown_grace, in seconds
