"""The README's story, told to a real server: role, DSN, doctor, run, scrape configuration, alerts."""

from __future__ import annotations

import re
import secrets
import shlex
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

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
    assert told == {"grants", "doctor", "run", "alerts", "dashboards"}
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
    finally:
        a_server.execute(f"DROP OWNED BY {role}; DROP ROLE {role}", database)


def test_the_scrape_configuration_takes_the_rules_that_the_command_writes(tmp_path: Path) -> None:
    promtool = require("promtool")
    [scrape] = _blocks("yaml")
    told = [shlex.split(command) for command in COMMANDS]
    [alerts] = [words for words in told if words[:2] == ["pg-oauth-exporter", "alerts"]]
    assert alerts[2:-1] == ["--rules"]
    code, output = finish("alerts", "--rules", tmp_path / "rules")
    assert code == 0, output
    (tmp_path / "prometheus.yml").write_text(f"{scrape}\nrule_files: [rules/*.rules.yml]\n")
    done = subprocess.run(
        [promtool, "check", "config", tmp_path / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "rules found" in done.stdout


def test_the_dashboards_are_where_the_command_puts_them(tmp_path: Path) -> None:
    told = [shlex.split(command) for command in COMMANDS]
    [dashboards] = [words for words in told if words[:2] == ["pg-oauth-exporter", "dashboards"]]
    assert dashboards[2:-1] == ["--to"]
    code, output = finish("dashboards", "--to", tmp_path)
    assert code == 0, output
    assert (tmp_path / "pg-oauth-fleet.json").is_file()
