"""How log lines look."""

import io
import json
import logging

import pytest

from exporter import logs


@pytest.fixture(autouse=True)
def _restore_logging() -> "object":
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def _written(style: str, message: str, **facts: object) -> str:
    stream = io.StringIO()
    logs.configure("info", style, stream)
    logging.getLogger("exporter.test").info(message, extra=facts)
    return stream.getvalue()


def test_a_text_line_has_time_level_message_and_facts() -> None:
    line = _written("text", "target is up", target="main", jobs=3)
    assert line.endswith("Z info target is up target=main jobs=3\n")


def test_values_that_would_break_a_text_line_are_quoted() -> None:
    line = _written("text", "query failed", reason='no "x"\nhere', empty="")
    assert line.endswith('reason="no \\"x\\"\\nhere" empty=""\n')
    assert line.count("\n") == 1


def test_facts_that_are_none_are_left_out() -> None:
    assert "datname" not in _written("text", "query failed", datname=None)


def test_a_json_line_is_one_object() -> None:
    event = json.loads(_written("json", "target is up", target="main", jobs=3))
    assert event["msg"] == "target is up"
    assert (event["level"], event["target"], event["jobs"]) == ("info", "main", 3)


def test_the_chatter_of_libraries_is_left_out() -> None:
    stream = io.StringIO()
    logs.configure("debug", "text", stream)
    logging.getLogger("apscheduler.executors.default").info("Running job")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert stream.getvalue() == ""
