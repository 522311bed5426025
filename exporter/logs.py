"""Owns how log lines look: one event a line, as key=value pairs or as JSON; facts go in `extra`."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any, TextIO

# What a LogRecord always has; anything else came in through `extra`.
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def configure(level: str, style: str, stream: TextIO = sys.stderr) -> None:
    """Send all logs to `stream`: `level` is debug, info, warning or error; `style` is text or json."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Two lines for every run of every job, and one for every scrape, would drown the rest. Of a turn that was
    # missed, which the scheduler warns of, a counter tells: pg_exporter_query_overruns_total.
    for chatty, from_level in (
        ("apscheduler", "ERROR"),
        ("uvicorn.access", "WARNING"),
        ("uvicorn.error", "WARNING"),
    ):
        logging.getLogger(chatty).setLevel(from_level)


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.000Z info polled target=main samples=42`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback, which only a bug has, follows on lines of its own."""
        head = f"{_timestamp(record)} {record.levelname.lower()} {record.getMessage()}"
        pairs = "".join(f" {key}={_quoted(value)}" for key, value in _facts(record).items())
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return head + pairs + trace


class JsonFormatter(logging.Formatter):
    """The same facts as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback is the member `traceback`."""
        event: dict[str, Any] = {
            "ts": _timestamp(record),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        return json.dumps(event, default=str, ensure_ascii=False)


def _timestamp(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _PLAIN and value is not None}


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=\n\r\t\\') else text
