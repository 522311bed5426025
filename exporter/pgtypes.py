"""Owns how PostgreSQL's values become Python's, whatever the server's encoding and date style.

Integers, oid and xid become int, floats float, numeric Decimal, arrays lists, everything unknown str.
"""

from __future__ import annotations

from datetime import date, datetime

from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.numeric import IntLoader

_UNKNOWN_TYPE = 0


class _Text(Loader):
    """Text as it is. A database in SQL_ASCII holds any bytes, and one bad byte must not cost the answer."""

    def load(self, data: Buffer) -> str:
        return str(data, "utf-8", "replace")


class _Date(Loader):
    """A date in style ISO; text when Python has none such (infinity, BC)."""

    def load(self, data: Buffer) -> date | str:
        text = str(data, "utf-8", "replace")
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text


class _Timestamp(Loader):
    """A timestamp in style ISO, with a time zone or without; text when Python has none such.

    psycopg's own reads the session's date style after the run, when the one that the run had is gone.
    """

    def load(self, data: Buffer) -> datetime | str:
        text = str(data, "utf-8", "replace")
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return text


_LOADERS: dict[str | int, type[Loader]] = {
    **dict.fromkeys((_UNKNOWN_TYPE, "text", "varchar", "bpchar", "name", '"char"'), _Text),
    **dict.fromkeys(("xid", "xid8", "cid"), IntLoader),
    "date": _Date,
    "timestamp": _Timestamp,
    "timestamptz": _Timestamp,
}


def prepare(connection: AsyncConnection) -> None:
    """Register the conversions on a new connection."""
    for name, loader in _LOADERS.items():
        connection.adapters.register_loader(name, loader)
