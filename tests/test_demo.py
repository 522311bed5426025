"""The command `demo`: its options, what it prints, and that nothing of it is left behind."""

from __future__ import annotations

import io
import socket

import pytest

from exporter import catalog
from exporter.demo import command, daemon, page
from exporter.demo.console import Console
from exporter.demo.options import Options, parse
from exporter.derive import DERIVATIONS

PAGE = """\
# HELP oauth2_tokens Tokens.
# TYPE oauth2_tokens gauge
oauth2_tokens{target="demo",datname="oauth2",kind="access",state="active"} 1200
oauth2_tokens{target="demo",datname="oauth2",kind="refresh",state="active"} 34
oauth2_tokens{target="demo",datname="oauth2",kind="access",state="expired"} 5
oauth2_tokens{target="demo",datname="oauth2",kind="access",state="revoked"} 6
pg_stat_activity_sessions{target="demo",datname="oauth2",state="idle",backend_type="client backend"} 4
pg_stat_activity_sessions{target="demo",datname="",state="",backend_type="checkpointer"} 1
pg_blocked_sessions{target="demo"} 3
"""


def test_the_summary_adds_up_what_the_page_says() -> None:
    expected = "tokens 1,234 active, 5 expired, 6 revoked | sessions 4, 3 blocked | 7 samples"
    assert str(page.read(PAGE)) == expected


def test_the_summary_shows_what_the_page_does_not_have_as_unknown() -> None:
    assert str(page.read("up 1\n")) == "tokens ? | sessions ?, ? blocked | 1 samples"


def test_the_summary_reads_families_and_labels_that_are_in_the_catalogue() -> None:
    queries = catalog.load([catalog.shipped_directory()], DERIVATIONS).queries
    labels = {column.family: set(query.labels) for query in queries.values() for column in query.columns}
    assert {"state"} <= labels[page.TOKENS]
    assert {"backend_type"} <= labels[page.SESSIONS]
    assert page.BLOCKED in labels
    assert daemon.EVERY.keys() <= queries.keys()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_status_line_rewritten_below_what_was_said() -> None:
    stream = Terminal()
    console = Console(stream)
    for act, line in ((console.status, "one"), (console.status, "two"), (console.say, "event")):
        act(line)
    console.settle()
    assert stream.getvalue() == "one\r\x1b[Ktwo\r\x1b[Kevent\ntwo\n"


def test_elsewhere_every_status_is_a_line_of_its_own() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.status("one")
    console.say("event")
    console.status("two")
    console.settle()
    assert stream.getvalue() == "one\nevent\ntwo\n"


# The command


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], Options()),
        (["--duration", "90"], Options(duration=90.0)),
        (["--duration", "1m30s", "--rate", "0.1"], Options(duration=90.0, rate=0.1)),
        (
            ["--port", "65535", "--seed", "7", "--no-sidecars"],
            Options(port=65535, seed=7, sidecars=False),
        ),
        (["--postgres", "dbname=x"], Options(dsn="dbname=x")),
    ],
)
def test_options_are_understood(arguments: list[str], expected: Options) -> None:
    assert parse(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--rate", "0.09"], ["--rate", "501"], ["--rate", "nan"], ["--rate", "x"]),
        *(["--duration", "0"], ["--duration", "soon"], ["--port", "0"], ["--port", "65536"]),
        ["--postgres", "dbname=x", "--pg-version", "16"],
    ],
)
def test_a_bad_option_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("pg-oauth-exporter demo: error: ")


def test_the_help_teaches_with_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("examples:", "exit codes:", "--duration", "--postgres"))


def test_a_port_in_use_is_told_before_anything_is_started(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert command.main(["--port", str(port), "--no-sidecars"]) == 1
    assert f"127.0.0.1:{port} is in use" in capsys.readouterr().err
