"""Rules about the endpoint's part of docs/security.md: examples work, numbers are the program's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from certificates import make
from daemon import ROOT
from endpoint import keys
from exporter import connection, serving, web_guard
from exporter.web_settings import Web
from exporter.web_state import WebState
from programs import require

PAGE = (ROOT / "docs/security.md").read_text().split("\n## The endpoint\n", 1)[1]
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SCRAPES = [block for block in BLOCKS if "scrape_configs" in block]
WEB = [block for block in BLOCKS if "scrape_configs" not in block]


@pytest.mark.parametrize("text", WEB)
def test_an_example_of_a_web_configuration_is_taken(tmp_path: Path, text: str) -> None:
    keys(tmp_path)
    (tmp_path / "web.yml").write_text(text)
    state = WebState(str(tmp_path / "web.yml"), lambda: 0.0)
    assert state.context() is not None
    # Nothing that is said is left out.
    assert set(yaml.safe_load(text)) <= {
        name
        for name, there in {
            "tls_server_config": state.at_start.tls,
            "basic_auth_users": state.at_start.users,
            "http_server_config": state.at_start.headers,
            "rate_limit": state.at_start.rate_limit,
        }.items()
        if there
    }


@pytest.mark.parametrize("text", SCRAPES)
def test_prometheus_takes_an_example_of_a_scrape(tmp_path: Path, text: str) -> None:
    make(2).write(tmp_path, "prometheus")
    keys(tmp_path)
    (tmp_path / "password").write_text("secret")
    (tmp_path / "prometheus.yml").write_text(text)
    done = subprocess.run(
        [require("promtool"), "check", "config", tmp_path / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_examples_of_both_sides() -> None:
    assert (len(WEB), len(SCRAPES)) == (2, 2)


def test_the_limits_are_those_of_the_program() -> None:
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", PAGE, re.MULTILINE))
    assert rows["a request's line and headers"] == f"{web_guard.LARGEST_HEAD // 1024} KiB"
    assert rows["a request's body"].startswith(f"{web_guard._LARGEST_BODY // 1024} KiB")
    assert rows["connections"] == f"`web.max_connections`, {Web().max_connections}"
    assert rows["a TLS handshake"] == f"{serving._HANDSHAKE_WITHIN:g} s"
    assert rows["the time for a request's head"] == f"{connection.HEAD_WITHIN:g} s"
    assert rows["a connection without a request"] == f"{serving._IDLE_WITHIN} s"
    assert rows["the time to read an answer"].startswith(f"{connection.READ_WITHIN:g} s")
