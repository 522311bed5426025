"""How log lines look: one event a line that readers of logfmt and of JSON can read, and no secret in any."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter import logs, redaction

STYLES = ("logfmt", "json")
PAIR = re.compile(r'(?P<key>[!#-<>-~]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"=]*))(?: |$)')


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def read(style: str, line: str) -> dict[str, object]:
    """Read a line as a program would that knows nothing of us."""
    if style == "json":
        event: dict[str, object] = json.loads(line)
        return event
    found, at = {}, 0
    while at < len(line):
        pair = PAIR.match(line, at)
        assert pair, f"no pair at {line[at : at + 30]!r}"
        quoted = pair["quoted"]
        found[pair["key"]] = pair["bare"] if quoted is None else json.loads(f'"{quoted}"')
        at = pair.end()
    return found


def written(style: str, message: str, name: str = "exporter.test", **facts: object) -> str:
    stream = io.StringIO()
    logs.configure("info", style, stream)
    logging.getLogger(name).info(message, extra=facts)
    return stream.getvalue()


def event(style: str, message: str, logger: str = "exporter.test", **facts: object) -> dict[str, object]:
    return read(style, written(style, message, logger, **facts).removesuffix("\n"))


def test_a_logfmt_line_has_time_level_message_and_facts() -> None:
    line = written("logfmt", "target is up", target="main", jobs=3, standby=False)
    assert re.fullmatch(
        r"ts=[0-9T:.-]+Z level=info msg=\"target is up\" target=main jobs=3 standby=false\n", line
    )


def test_a_json_line_is_one_object_in_which_numbers_are_numbers() -> None:
    found = event("json", "target is up", target="main", jobs=3, standby=False)
    assert list(found) == ["ts", "level", "msg", "target", "jobs", "standby"]
    assert (found["level"], found["jobs"], found["standby"]) == ("info", 3, False)


@pytest.mark.parametrize("style", STYLES)
def test_facts_that_are_none_are_left_out_and_of_libraries_the_logger_is_named(style: str) -> None:
    assert "datname" not in event(style, "query failed", datname=None)
    assert "logger" not in event(style, "query failed")
    assert event(style, "slow", "asyncio")["logger"] == "asyncio"


@pytest.mark.parametrize("style", STYLES)
@given(st.text(), st.text())
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_back_as_it_was_and_is_one_line_that_a_file_can_hold(
    style: str, message: str, reason: str
) -> None:
    line = written(style, message.replace("%", ""), reason=reason)
    assert len(line.splitlines()) == 1
    assert line.encode().endswith(b"\n")
    assert "\x1b" not in line
    found = read(style, line.removesuffix("\n"))
    assert redaction.blot(message.replace("%", "")) == found["msg"]
    assert redaction.blot(reason) == found["reason"]


@pytest.mark.parametrize("style", STYLES)
def test_half_a_character_is_escaped(style: str) -> None:
    assert "\\udce9" in written(style, "m", path="caf\udce9")


def _parse(secret: str) -> None:
    raise ValueError(f"cannot parse {secret!r}")


def _fail(secret: str) -> None:
    try:
        _parse(secret)
    except ValueError as error:
        raise RuntimeError(f"postgresql://u:{secret}@h/d is bad") from error


@pytest.mark.parametrize("style", STYLES)
def test_a_traceback_with_its_causes_is_a_fact_on_the_same_line_without_the_secret(style: str) -> None:
    redaction.learn(["s3cret'pass"])
    stream = io.StringIO()
    logs.configure("info", style, stream)
    try:
        _fail("s3cret'pass")
    except RuntimeError:
        logging.getLogger("asyncio").exception("a bug")
    [line] = stream.getvalue().splitlines()
    trace = str(read(style, line)["traceback"])
    assert trace.startswith("Traceback (most recent call last):\n")
    assert 'cannot parse "***"' in trace
    assert "RuntimeError: postgresql://u:***@h/d is bad" in trace
    assert "s3cret" not in line


@pytest.mark.parametrize("style", STYLES)
def test_a_secret_is_blotted_out_of_message_arguments_facts_and_whatever_lies_in_them(style: str) -> None:
    redaction.learn(["s3cret pass"])
    stream = io.StringIO()
    logs.configure("info", style, stream)
    facts = {"reason": "s3cret pass", "all": {"x": ["s3cret pass"]}, "cause": OSError("s3cret pass"), "n": 1}
    logging.getLogger("exporter").info("with %s and %r", "s3cret pass", "s3cret pass", extra=facts)
    assert "s3cret" not in stream.getvalue()
    assert stream.getvalue().count("***") == 5


def test_a_record_that_cannot_be_written_says_where_it_came_from_and_nothing_else() -> None:
    stream = io.StringIO()
    logs.configure("info", "logfmt", stream)
    logging.getLogger("exporter.x").info("%d targets", "s3cret")
    found = read("logfmt", stream.getvalue().removesuffix("\n"))
    assert (found["msg"], found["error"]) == ("a log line was lost", "TypeError")
    assert "s3cret" not in stream.getvalue()


def test_the_chatter_of_libraries_is_left_out() -> None:
    stream = io.StringIO()
    logs.configure("debug", "logfmt", stream)
    logging.getLogger("apscheduler.executors.default").info("Running job")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert stream.getvalue() == ""


def test_warnings_and_what_nobody_catches_in_a_thread_are_log_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    stream = io.StringIO()
    redaction.learn(["s3cret"])
    # A command that a test before called has done so, and to do it again would do nothing.
    logging.captureWarnings(capture=False)
    logs.guard()
    try:
        logs.configure("info", "json", stream)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            warnings.warn("mind s3cret", stacklevel=1)
            thread = threading.Thread(target=_fail, args=["s3cret"])
            thread.start()
            thread.join()
    finally:
        logging.captureWarnings(capture=False)
    warning, bug = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (warning["logger"], "mind ***" in warning["msg"]) == ("py.warnings", True)
    assert (bug["level"], "RuntimeError" in bug["traceback"]) == ("critical", True)
    assert "s3cret" not in stream.getvalue()


def test_a_bug_in_a_command_ends_it_with_a_traceback_without_the_dsn() -> None:
    bug = "raise ValueError('postgresql://u:s3cret@h and password=s3cret')"
    code = f"from exporter import logs; logs.guard(); {bug}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ValueError: postgresql://u:***@h and password=***")
