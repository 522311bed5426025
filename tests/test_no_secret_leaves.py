"""The promise that no secret leaves: every form of DSN and every source of a password, by every way out."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon import ROOT, Daemon, finish
from exporter import logs, redaction
from exporter.dsn import secrets_of
from exporter.errors import QueryError
from exporter.model import Secret
from exporter.redaction import blot, learn
from exporter.session import Session
from gateway import target
from servers import Server

PASSWORD = "Pa ss@w:ör/d'%41\\\"x&y=z#"
# Raises, in the middle of a connect, what a careless library would: the values of all parameters, unnamed.
BUG = """
import sys, exporter.session
from exporter.__main__ import main
def careless(**parameters):
    raise ValueError(f"bad values {list(parameters.values())!r}")
exporter.session.psycopg.conninfo.make_conninfo = careless
sys.exit(main(sys.argv[1:]))
"""


def written(password: str) -> set[str]:
    """Return the ways in which the password could be seen."""
    found = {password, repr(password)[1:-1], json.dumps(password)[1:-1]}
    found |= {json.dumps(password, ensure_ascii=False)[1:-1], html.escape(password)}
    found |= {quote(password, safe=""), quote(password), quote_plus(password)}
    return found | {password.replace("\\", "\\\\").replace("'", "\\'")}


def shown(text: str) -> list[str]:
    """Return what can be seen of the password: all of it, or its beginning or end."""
    return [
        form for part in (PASSWORD, PASSWORD[:9], PASSWORD[-9:]) for form in written(part) if form in text
    ]


def _lower(uri: str) -> str:
    return re.sub("%..", lambda code: code[0].lower(), uri)


def forms(host: str, port: int, folder: Path, password: str) -> dict[str, dict[str, object]]:
    """Return a target for each form of DSN and each source of a password, by name."""
    uri, quoted = quote(password, safe=""), password.replace("\\", "\\\\").replace("'", "\\'")
    (folder / "password").write_text(password)
    (folder / "print.py").write_text(f"print({password!r})")
    command = [sys.executable, str(folder / "print.py")]
    base = f"postgresql://nobody@{host}:{port}/postgres"
    return {
        "uri": {"dsn": f"postgresql://nobody:{uri}@{host}:{port}/postgres"},
        "lower": {"dsn": f"postgresql://nobody:{_lower(uri)}@{host}:{port}/postgres"},
        "parameter": {"dsn": f"{base}?password={uri}"},
        "pairs": {"dsn": f"host={host} port={port} user=nobody dbname=postgres password='{quoted}'"},
        "several": {"dsn": f"postgresql://nobody:{uri}@{host}:{port},{host}:{port}/postgres"},
        "key": {"dsn": f"{base}?sslpassword={uri}"},
        "service": {"dsn": "service=mine"},
        "pgpass": {"dsn": f"{base}?passfile={quote(str(folder / 'pgpass'))}"},
        "file": {"dsn": base, "password_file": str(folder / "password")},
        "variable": {"dsn": base, "password_env": "THE_PASSWORD"},
        "command": {"dsn": base, "password_command": command},
        "failing": {"dsn": base, "password_command": [*command, "; exit 1"]},
    }


def environment(host: str, port: int, folder: Path, password: str) -> dict[str, str]:
    service = f"[mine]\nhost={host}\nport={port}\nuser=nobody\npassword={password}\n"
    (folder / "services").write_text(service)
    in_file = password.replace("\\", "\\\\").replace(":", "\\:")
    (folder / "pgpass").write_text(f"*:*:*:*:{in_file}\n")
    (folder / "pgpass").chmod(0o600)
    return {"PGSERVICEFILE": str(folder / "services"), "THE_PASSWORD": password}


def named(targets: Mapping[str, Mapping[str, object]]) -> list[dict[str, object]]:
    return [{"name": f"t-{name}", "connect_timeout": "2s", **target} for name, target in targets.items()]


@pytest.fixture(params=["refused", "denied"])
def port(request: pytest.FixtureRequest, a_server: Server) -> int:
    """A port where nobody listens, and one of a server that refuses the password."""
    return 1 if request.param == "refused" else a_server.port


def host(port: int, server: Server) -> str:
    return "127.0.0.1" if port == 1 else server.host


@pytest.mark.slow
@pytest.mark.parametrize("style", ["logfmt", "json"])
def test_no_log_line_and_no_page_of_the_daemon_shows_a_password(
    style: str, port: int, tmp_path: Path, a_server: Server
) -> None:
    where = (host(port, a_server), port, tmp_path, PASSWORD)
    targets = named(forms(*where))
    config = {"targets": targets, "log": {"format": style, "requests": True}, "web": {"enable_reload": True}}
    with Daemon(tmp_path, config, env=environment(*where)) as daemon:
        daemon.until(lambda: daemon.logs.count("target is down") >= len(targets), "try all targets")
        for page in (
            "/",
            "/api/v1/status",
            "/metrics",
            "/readyz",
            "/sd",
            "/targets/t-uri",
            "/targets/t-file",
        ):
            assert not shown(daemon.get(page).text), page
        bad = {**targets[0], "dsn": f"postgresql://nobody:{PASSWORD}@127.0.0.1/postgres"}
        daemon.configure({**config, "targets": [bad, *targets[1:]]})
        refused = daemon.post("/-/reload")
        assert (refused.status_code, "dsn" in refused.text) == (400, True)
        assert not shown(refused.text + daemon.get("/").text + daemon.get("/api/v1/status").text)
    assert "the old one stays in force" in daemon.logs
    assert not shown(daemon.logs)
    assert style == "logfmt" or all(json.loads(line) for line in daemon.logs.splitlines())


@pytest.mark.parametrize(
    "command", ["check", "doctor", "queries --target t-uri", "once pg_up", "grants --role m"], ids=str.split
)
def test_no_command_shows_a_password(command: str, port: int, tmp_path: Path, a_server: Server) -> None:
    where = (host(port, a_server), port, tmp_path, PASSWORD)
    file = tmp_path / "exporter.yaml"
    file.write_text(yaml.safe_dump({"targets": named(forms(*where))}))
    _, printed = finish(*command.split(), "--config.file", file, env=environment(*where))
    assert printed
    assert not shown(printed)


def test_no_traceback_of_a_bug_in_a_command_shows_a_password(tmp_path: Path) -> None:
    where = ("127.0.0.1", 1, tmp_path, PASSWORD)
    file = tmp_path / "exporter.yaml"
    file.write_text(yaml.safe_dump({"targets": named(forms(*where))}))
    done = subprocess.run(
        [sys.executable, "-c", BUG, "doctor", "--config.file", str(file)],
        env={**os.environ, **environment(*where)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "bad values [" in done.stderr
    assert not shown(done.stdout + done.stderr)


PRINTABLE = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))


@given(st.text(PRINTABLE, min_size=8, max_size=30))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_password_is_it_is_in_no_message_no_fault_and_no_log_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """With a server that is away, a careless library, and a URI in which nobody encoded anything."""
    where = ("127.0.0.1", 1, tmp_path, password)
    for name, value in environment(*where).items():
        monkeypatch.setenv(name, value)
    plain: dict[str, object] = {"dsn": f"postgresql://nobody:{password}@127.0.0.1:1/postgres"}
    said = []
    for careless in (False, True):
        for wanted in [*forms(*where).values(), plain]:
            monkeypatch.setattr(redaction, "SECRETS", redaction.Secrets())  # what one form taught
            if "password_command" not in wanted:  # a process for each is too slow for many examples
                said += [*_said(wanted, careless=careless)]
    visible = [form for form in written(password) for text in said if form in _without_marks(text)]
    assert not visible


def _said(wanted: Mapping[str, object], *, careless: bool) -> Iterator[str]:
    """Yield what is said of a connect that fails: the message, and a log line in both formats."""
    learn(secrets_of(str(wanted["dsn"])))
    secret = Secret(
        str(wanted.get("password_file") or "") or None, str(wanted.get("password_env") or "") or None
    )

    def fail(**parameters: str) -> str:
        raise ValueError(f"bad values {list(parameters.values())!r}")

    with pytest.MonkeyPatch.context() as patch:
        if careless:
            patch.setattr("exporter.session.psycopg.conninfo.make_conninfo", fail)
        try:
            asyncio.run(Session.open(target(str(wanted["dsn"]), password=secret), None))
        except (QueryError, ValueError) as error:
            yield blot(str(error))
            for formatter in (logs.LogfmtFormatter(), logs.JsonFormatter()):
                facts = {
                    "name": "asyncio",
                    "msg": f"failed: {error}",
                    "reason": error,
                    "all": {"dsn": wanted["dsn"]},
                }
                trace = (type(error), error, error.__traceback__)
                yield formatter.format(logging.makeLogRecord({**facts, "exc_info": trace}))


def _without_marks(text: str) -> str:
    return text.replace(redaction.BLOT, "")
