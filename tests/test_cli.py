"""What the command line says to a user's mistake: one line each, no traceback, no secret, exit code."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from daemon import finish
from servers import Server

SECRET = "hunter2-s3cret"
GOOD_HEADER = """\
-- help: One.
-- every: 1m
-- timeout: 1s
-- labels: []
-- metrics:
--   {family}: {{column: one, type: {type}, help: "One."}}

"""


def _query(family: str = "test_one", kind: str = "gauge", sql: str = "SELECT 1 AS one") -> str:
    return GOOD_HEADER.format(family=family, type=kind) + sql + "\n"


BAD_FILES = {
    "bad YAML": ("targets: [{name: main, dsn: 'x", "not valid YAML"),
    "an unknown key": ("targets:\n- {name: main, dns: postgresql://h/d}\n", "did you mean dsn?"),
    "a bad duration": (
        "targets: [{name: main, dsn: postgresql://h/d}]\nshutdown_grace: soon\n",
        "500ms, 15s or 1m30s",
    ),
    "a password beside an unknown key": (
        f"targets:\n- {{name: main, dsn: postgresql://h/d, password: {SECRET}}}\n",
        "password_file",
    ),
    "a DSN that is none": (
        f"targets:\n- {{name: main, dsn: '{SECRET}'}}\n",
        "postgresql://user@host:5432/database",
    ),
    "an unescaped password": (
        f"targets:\n- {{name: main, dsn: 'postgresql://me:{SECRET}@@%%x@h:5432/d'}}\n",
        "percent-encoded",
    ),
    "no target": ("log: {level: info}\n", "DATA_SOURCE_NAME"),
}


@pytest.mark.parametrize("case", BAD_FILES)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bad_configuration_is_refused_with_file_key_and_remedy(
    tmp_path: Path, command: str, case: str
) -> None:
    text, expected = BAD_FILES[case]
    file = tmp_path / "exporter.yaml"
    file.write_text(text)
    code, output = finish(command, "--config.file", file)
    assert code == 1
    assert expected in output
    assert str(file) in output or "target main" in output
    assert SECRET not in output
    assert "Traceback" not in output


BAD_QUERIES: Mapping[str, tuple[Mapping[str, str], str]] = {
    "two queries with one family": ({"a.sql": _query(), "b.sql": _query()}, "test_one"),
    "a counter without _total": ({"a.sql": _query(kind="counter")}, "_total"),
    "an unknown type": ({"a.sql": _query(kind="guage")}, "gauge"),
    "two statements": ({"a.sql": _query(sql="SELECT 1 AS one; DROP TABLE x")}, "a second statement"),
}


@pytest.mark.parametrize("case", BAD_QUERIES)
def test_a_bad_catalogue_is_refused_with_file_and_line(tmp_path: Path, case: str) -> None:
    files, expected = BAD_QUERIES[case]
    (tmp_path / "mine").mkdir()
    for name, text in files.items():
        (tmp_path / "mine" / name).write_text(text)
    code, output = finish(
        "check", "--queries-dir", tmp_path, env={"DATA_SOURCE_NAME": "postgresql://monitor@127.0.0.1/x"}
    )
    assert code == 1
    assert "mine/" in output
    assert ".sql:" in output
    assert expected in output


def test_all_faults_are_shown_at_once(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.sql").write_text(_query(kind="counter"))
    file = tmp_path / "exporter.yaml"
    file.write_text(
        f"targets: [{{name: main, dns: x}}]\nqueries_dirs: ['{tmp_path}']\nlog: {{level: loud}}\n"
    )
    _, output = finish("check", "--config.file", file)
    assert "dns" in output
    assert "log.level" in output


def test_a_good_configuration_is_said_to_be_good() -> None:
    code, output = finish("check", env={"DATA_SOURCE_NAME": "postgresql://monitor@127.0.0.1/oauth2"})
    assert code == 0
    assert output.startswith("good: 1 target")


def test_an_empty_data_source_name_is_named() -> None:
    code, output = finish("check", env={"DATA_SOURCE_NAME": ""})
    assert code == 1
    assert "DATA_SOURCE_NAME" in output
    assert "is empty" in output


@pytest.mark.parametrize(
    "dsn",
    [
        f"host=127.0.0.1 port=1 user=monitor password='{SECRET} @%:/' dbname=oauth2 connect_timeout=2",
        f"postgresql://monitor:{SECRET}%40%25%3A%2F@127.0.0.1:1/oauth2?connect_timeout=2",
    ],
)
def test_a_password_in_the_dsn_is_in_no_message(dsn: str) -> None:
    code, output = finish("once", "pg_locks", env={"DATA_SOURCE_NAME": dsn})
    assert code == 3
    assert SECRET not in output
    assert "127.0.0.1" in output


def _problems(server: Server) -> dict[str, tuple[str, str, str]]:
    good = server.monitor_dsn()
    host = f"{server.host}:{server.port}"
    return {
        "wrong password": (server.dsn("postgres", "monitor", SECRET), "password", "monitor"),
        "unknown database": (good.replace("/postgres", "/nowhere"), "nowhere", "does not exist"),
        "wrong host": (good.replace(host, "no.such.host.invalid"), "no.such.host.invalid", ""),
        "wrong port": (good.replace(host, "127.0.0.1:1"), "127.0.0.1", "refused"),
    }


@pytest.mark.parametrize("case", ["wrong password", "unknown database", "wrong host", "wrong port"])
def test_a_server_that_cannot_be_had_is_exit_code_3_and_one_line_why(a_server: Server, case: str) -> None:
    dsn, *expected = _problems(a_server)[case]
    code, output = finish("once", "pg_locks", env={"DATA_SOURCE_NAME": dsn})
    assert code == 3
    assert all(part in output for part in expected), output
    assert SECRET not in output
    assert dsn not in output
    assert "Traceback" not in output


def test_an_unreadable_password_file_is_refused_by_name(tmp_path: Path) -> None:
    missing = tmp_path / "password"
    environ = {"DATA_SOURCE_NAME": "postgresql://monitor@127.0.0.1/x", "DATA_SOURCE_PASS_FILE": str(missing)}
    code, output = finish("run", env=environ)
    assert code == 1
    assert "DATA_SOURCE_PASS_FILE" in output


def test_a_failing_query_says_how_and_not_what_it_was(tmp_path: Path, a_server: Server) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.sql").write_text(_query(sql=f"SELECT '{SECRET}'::int AS one"))
    (tmp_path / "mine" / "other.sql").write_text(_query("test_two", sql="SELECT 2 AS two"))
    for name, expected in (("broken", "22P02"), ("other", "one")):
        code, output = finish(
            "once", name, "--queries-dir", tmp_path, env={"DATA_SOURCE_NAME": a_server.monitor_dsn()}
        )
        assert code == 1
        assert expected in output
        assert SECRET not in output


def test_an_address_in_use_is_one_line_with_the_flag_to_change_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = finish(
            "run",
            f"--web.listen-address=127.0.0.1:{port}",
            env={"DATA_SOURCE_NAME": "postgresql://monitor@127.0.0.1:1/oauth2"},
        )
    assert code == 1
    assert f"127.0.0.1:{port}" in output
    assert "in use" in output
    assert "--web.listen-address" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("arguments", [(), ("rnu",), ("run", "--no-such-flag")])
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    code, output = finish(*arguments)
    assert code == 2
    assert "usage: pg-oauth-exporter" in output


@pytest.mark.parametrize("command", ["run", "check", "once", "queries", "doctor", "grants", "demo"])
def test_every_command_explains_itself(command: str) -> None:
    code, output = finish(command, "--help")
    assert code == 0
    assert len(output.splitlines()) > 8
