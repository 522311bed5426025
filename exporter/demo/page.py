"""Owns what the demo reads off the exporter's own page: a few families, one line of text."""

from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

TOKENS, SESSIONS, BLOCKED = "oauth2_tokens", "pg_stat_activity_sessions", "pg_blocked_sessions"
_LABEL = re.compile(r'([a-z_]+)="([^"]*)"')
_STATES = ("active", "expired", "revoked")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one page says. None: the page does not have it (yet, or any more)."""

    samples: int
    tokens: Mapping[str, int] | None  # by state
    sessions: int | None  # of clients
    blocked: int | None

    def __str__(self) -> str:
        tokens = "tokens ?"
        if self.tokens is not None:
            tokens = "tokens " + ", ".join(f"{self.tokens[state]:,} {state}" for state in _STATES)
        sessions = "?" if self.sessions is None else str(self.sessions)
        blocked = "?" if self.blocked is None else str(self.blocked)
        return f"{tokens} | sessions {sessions}, {blocked} blocked | {self.samples:,} samples"


def _sum(
    samples: list[tuple[str, dict[str, str], float]], family: str, wanted: Callable[[dict[str, str]], bool]
) -> int | None:
    values = [value for name, labels, value in samples if name == family and wanted(labels)]
    return int(sum(values)) if values else None


def read(page: str) -> Reading:
    """Return what `page`, in the text format, says; only the families that are shown are parsed."""
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    samples = [
        (re.split(r"[{ ]", line, maxsplit=1)[0], dict(_LABEL.findall(line)), float(line.rsplit(" ", 1)[1]))
        for line in lines
        if line.startswith((TOKENS, SESSIONS, BLOCKED))
    ]

    def of_state(state: str) -> int | None:
        return _sum(samples, TOKENS, lambda labels: labels.get("state") == state)

    tokens = {state: of_state(state) for state in _STATES}
    return Reading(
        samples=len(lines),
        tokens={s: n or 0 for s, n in tokens.items()}
        if any(n is not None for n in tokens.values())
        else None,
        sessions=_sum(samples, SESSIONS, lambda labels: labels.get("backend_type") == "client backend"),
        blocked=_sum(samples, BLOCKED, lambda _: True),
    )


def _get(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2.0)
    try:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain"})
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


async def fetch(port: int) -> Reading | None:
    """Return what the exporter on `port` serves now, or None when it does not answer."""
    page = await asyncio.to_thread(_get, port)
    return None if page is None else read(page)
