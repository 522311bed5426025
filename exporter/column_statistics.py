"""Owns the function that tells a role of pg_monitor what bloat is estimated from: its name and its SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from exporter.quoting import identifier

NAME = "oauth_exporter.column_statistics"
SCHEMA = NAME.partition(".")[0]
_FILE = Path(__file__).with_suffix(".sql")


def creation(role: str) -> Iterator[str]:
    """Yield lines of SQL that create the function in a database and let `role` execute it."""
    yield from _FILE.read_text().splitlines()
    yield f"grant usage on schema {SCHEMA} to {identifier(role)};"
    yield f"grant execute on function {NAME}(oid[]) to {identifier(role)};"
