"""Owns how log lines look: one event a line, as logfmt or as JSON; facts go in `extra`, secrets nowhere."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
from types import TracebackType
from typing import Any, TextIO

from exporter.redaction import blot, described

# What a LogRecord always has; anything else came in through `extra`.
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

# Beyond what JSON escapes by itself: control characters, what some readers take for a line's end, and halves
# of characters, which no file can hold.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NEEDS_QUOTES = re.compile(r'[\s\x00-\x20="\\\x7f-\xa0\u2028\u2029\ud800-\udfff\ufffd]')
_NO_KEY = re.compile(r"[^!#-<>-~]")

# Two lines for every run of every job, and one for every scrape, would drown the rest. Of a turn that was
# missed, which the scheduler warns of, a counter tells: pg_exporter_query_overruns_total.
# Whoever sends something that is no HTTP, which uvicorn warns of, could fill the disk.
_CHATTY = {"apscheduler": "ERROR", "uvicorn.access": "WARNING", "uvicorn.error": "ERROR"}
_REQUESTS = "exporter.request_log"

log = logging.getLogger(__name__)


def configure(level: str, style: str, stream: TextIO = sys.stderr, *, requests: bool = False) -> None:
    """Send all logs to `stream`: `level` is debug, info, warning or error; `style` is logfmt or json.

    `requests` is whether each HTTP request gets a line, at any level.
    """
    handler = _Handler(stream)
    handler.setFormatter(JsonFormatter() if style == "json" else LogfmtFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty, from_level in _CHATTY.items():
        logging.getLogger(chatty).setLevel(from_level)
    logging.getLogger(_REQUESTS).setLevel("INFO" if requests else "CRITICAL")


def guard() -> None:
    """Let warnings, and what nobody catches in any thread, leave as log lines, or else without secrets."""
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if logging.getLogger().hasHandlers():
        log.critical("a bug in the exporter", extra={"traceback": described(kind, error, trace)})
    else:
        sys.stderr.write(f"{described(kind, error, trace)}\n")


class _Handler(logging.StreamHandler[TextIO]):
    """Never prints a record that it cannot write: its arguments might hold what nobody may read."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the library's
        """Say where the record came from, if that can be said."""
        fault = sys.exc_info()[0]
        if fault is not None and not issubclass(fault, OSError):
            facts = {"at": f"{record.module}:{record.lineno}", "error": fault.__name__}
            lost = {"name": record.name, "levelname": "ERROR", "msg": "a log line was lost", **facts}
            self.stream.write(f"{self.format(logging.makeLogRecord(lost))}\n")


class LogfmtFormatter(logging.Formatter):
    """`ts=2026-01-31T12:00:00.000Z level=info msg="target is up" target=main jobs=42`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return " ".join(f"{_NO_KEY.sub('_', key)}={_quoted(value)}" for key, value in _event(record).items())


class JsonFormatter(logging.Formatter):
    """The same facts as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return _escaped(json.dumps(_event(record), default=_said, ensure_ascii=False))


def _event(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the line says, without secrets; a traceback is a fact like others."""
    event: dict[str, Any] = {
        "ts": _timestamp(record),
        "level": record.levelname.lower(),
        "msg": blot(record.getMessage()),
    }
    if not record.name.startswith("exporter"):
        event["logger"] = record.name
    for key, value in vars(record).items():
        if key not in _PLAIN and value is not None:
            event.setdefault(key, value if isinstance(value, bool | int | float) else _said(value))
    if record.exc_info:
        event["traceback"] = described(*record.exc_info)
    elif record.exc_text:
        event["traceback"] = blot(record.exc_text)
    if record.stack_info:
        event["stack"] = blot(record.stack_info)
    return event


def _said(value: object) -> str:
    return blot(str(value))


def _timestamp(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


def _quoted(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text and not _NEEDS_QUOTES.search(text):
        return text
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
