"""The README's story, told to a real server: role, DSN, doctor, run, scrape configuration, first alert."""

from __future__ import annotations

import re
import secrets
import shlex
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from daemon import Daemon, finish
from programs import require
from servers import Server
from shipped import TOKENS

README = (Path(__file__).parent.parent / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", README, flags=re.DOTALL | re.MULTILINE)
    return [dedent(block).strip() for block in found]


COMMANDS = [
    line.removeprefix("$ ") for block in _blocks("console") for line in block.splitlines() if line[:2] == "$ "
]


def test_the_two_commands_are_in_the_makefile() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    assert "make demo" in COMMANDS
    for command in re.findall(r"[`$] ?make (\w+)", README):
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE)


@pytest.mark.slow
def test_a_stranger_watches_their_own_database(tmp_path: Path, a_server: Server, database: str) -> None:
    a_server.execute(TOKENS, database)
    role, password = f"readme_{secrets.token_hex(4)}", secrets.token_hex(8)
    exports = [command for command in COMMANDS if command.startswith("export ")]
    assert [line.split("=")[0] for line in exports] == [
        "export DATA_SOURCE_NAME",
        "export DATA_SOURCE_PASS_FILE",
    ]
    (tmp_path / "password").write_text(password)
    environ = {
        "DATA_SOURCE_NAME": a_server.dsn(database, role),
        "DATA_SOURCE_PASS_FILE": str(tmp_path / "password"),
    }
    ours = [shlex.split(command)[1:] for command in COMMANDS if command.startswith("pg-oauth-exporter ")]
    told = {arguments[0] for arguments in ours}
    assert told == {"grants", "doctor", "run"}
    code, sql = finish("grants", "--role", role)
    assert code == 0, sql
    try:
        a_server.execute(sql, database)
        a_server.execute(f"ALTER ROLE {role} PASSWORD '{password}'")
        code, output = finish("doctor", env=environ)
        assert code == 0, output
        target = {"name": "main", "dsn": environ["DATA_SOURCE_NAME"], "password_file": "password"}
        with Daemon(tmp_path, {"targets": [target]}) as daemon:
            daemon.until_ready()
            for metric in ("pg_up", "oauth2_tokens", "pg_blocked_sessions"):
                assert f"`{metric}`" in README
                assert daemon.samples(metric)
            page = daemon.get("/metrics").text
        named = set(re.findall(r"\b(?:pg|oauth2)_[a-z_]+\b", "\n".join(_blocks("promql"))))
        assert named
        assert all(f"# TYPE {metric} " in page for metric in named)
    finally:
        a_server.execute(f"DROP OWNED BY {role}; DROP ROLE {role}", database)


def test_the_scrape_configuration_and_the_alert_are_valid(tmp_path: Path) -> None:
    promtool = require("promtool")
    [scrape], [alert] = _blocks("yaml"), _blocks("promql")
    (tmp_path / "prometheus.yml").write_text(scrape)
    rules = {"groups": [{"name": "readme", "rules": [{"alert": "First", "expr": alert}]}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    for check in (("config", "prometheus.yml"), ("rules", "rules.yml")):
        done = subprocess.run(
            [promtool, "check", check[0], tmp_path / check[1]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
