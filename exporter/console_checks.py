"""Owns what `doctor` finds about the admin console of a PgBouncer; pure."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.findings import Finding, Level
from exporter.survey import Survey

_CURRENT = 1_018_000  # 1.18, as ServerInfo writes it: the oldest that is tested


def examine(found: Survey) -> tuple[Finding, ...]:
    """Return what every check finds."""
    return tuple(_checks(found))


def _checks(found: Survey) -> Iterator[Finding]:
    server = found.server
    yield Finding("access", Level.OK, "the console answers; only SHOW commands are sent")
    if server.version_num < _CURRENT:
        detail = "What an older version lacks is absent from the page."
        yield Finding("version", Level.INFO, f"{server.version} is older than what is tested, 1.18", detail)
    running = len(found.plan.active)
    if running:
        yield Finding("queries", Level.OK, f"{running} queries run")
    else:
        remedy = "take -pgbouncer out of sets, and `enabled: false` from its queries"
        yield Finding("queries", Level.WARN, "no query is enabled for a PgBouncer", "", remedy)
