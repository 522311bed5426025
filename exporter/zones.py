"""Owns time zones by their names; the data are the system's, as its package tzdata has them."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from exporter.document import suggestion

UTC_NAME = "UTC"


def zone(name: str) -> tzinfo:
    """Return the time zone of that name; UTC is there on a system without any data, too.

    Raises:
        ValueError: there is none of this name; the message has the nearest one.
    """
    if name == UTC_NAME:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        known = available_timezones()
    if not known:
        raise ValueError("the system has no time zones: install its package tzdata") from None
    near = suggestion(name, known)
    remedy = near if near.startswith("did") else "as in Europe/Berlin"
    raise ValueError(f"there is no time zone of this name; {remedy}") from None
