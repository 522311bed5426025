"""Owns how a duration is written: `500ms`, `15s`, `1m30s`, `2h`, `1d`, as in Prometheus configuration."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHAPE = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")
_ORDER = ("d", "h", "m", "s", "ms")


def parse_duration(text: str) -> float:
    """Return the seconds that `text` stands for.

    Raises:
        ValueError: `text` is not a duration; the message says how one is written.
    """
    match = _SHAPE.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ValueError(f"not a duration: {text!r}; write it like 15s, 500ms or 1m30s")
    return sum(
        int(count) * _UNITS[unit]
        for count, unit in zip(match.groups(), _ORDER, strict=True)
        if count is not None
    )


def format_duration(seconds: float) -> str:
    """Return the shortest way to write `seconds` that `parse_duration` reads back, exact to 1 ms."""
    rest = round(seconds * 1000)
    parts = []
    for unit in _ORDER:
        size = round(_UNITS[unit] * 1000)
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
