"""Owns windows of time as cron writes them: five fields, read once, as minutes of a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MINUTES = 1440
WHOLE_DAY = (1 << MINUTES) - 1
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS_IN = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM = re.compile(r"(?:\*|(?P<low>[0-9a-z]+)(?:-(?P<high>[0-9a-z]+))?)(?:/(?P<step>[0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class _Field:
    """What may stand in one of the five fields; the first of `names` is `low`."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Window:
    """The minutes that a cron expression matches; bit n of `minutes` is the n-th minute of a day.

    `weekdays` count from Sunday, 0. `either` is cron's rule for days: where both fields of days are
    restricted, one of them is enough. A field that begins with `*` is not, and then both have to fit.
    """

    minutes: int
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, month: int, day: int, weekday: int) -> int:
        """Return the minutes of such a day that are in the window, as bits."""
        fits_day, fits_weekday = day in self.days, weekday in self.weekdays
        fits = fits_day or fits_weekday if self.either else fits_day and fits_weekday
        return self.minutes if fits and month in self.months else 0


def parse(text: str) -> Window:
    """Return the window of five cron fields: minute, hour, day of month, month, day of week.

    Raises:
        ValueError: it is none, or no minute of any year is in it; the message does not quote it.
    """
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(
            'must have five fields as cron has them: minute hour day month weekday, "* 1-5 * * *"'
        )
    minutes, hours, days, months, weekdays = (
        frozenset(_values(given, rule)) for given, rule in zip(fields, _FIELDS, strict=True)
    )
    mask = sum(1 << hour * 60 + minute for hour in hours for minute in minutes)
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    window = Window(mask, days, months, frozenset(day % 7 for day in weekdays), either)
    if not any(window.on(*day) for day in every_day()):
        raise ValueError("no day of any year is in this window")
    return window


@cache
def every_day() -> tuple[tuple[int, int, int], ...]:
    """Return all days that there can be as month, day and weekday: in time each date is each weekday."""
    return tuple(
        (month, day, weekday)
        for month, last in enumerate(_DAYS_IN, 1)
        for day in range(1, last + 1)
        for weekday in range(7)
    )


def _values(given: str, rule: _Field) -> Iterator[int]:
    for item in given.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"{rule.name}: must be *, numbers, ranges or steps, as 1,3 or 1-5 or */10")
        step = int(match["step"] or 1)
        if step == 0:
            raise ValueError(f"{rule.name}: a step must be at least 1")
        if match["low"] is None:
            yield from range(rule.low, rule.high + 1, step)
            continue
        if match["step"] and match["high"] is None:
            raise ValueError(f"{rule.name}: a step is of a range, as in 10-50/5")
        low = _number(match["low"], rule)
        high = low if match["high"] is None else _number(match["high"], rule, is_end=True)
        if high < low:
            raise ValueError(f"{rule.name}: a range goes upwards; one over the end is two: 22-23,0-5")
        yield from range(low, high + 1, step)


def _number(text: str, rule: _Field, *, is_end: bool = False) -> int:
    if text in rule.names:
        # Sunday is both 0 and 7: as the end of a range the name is the latter, as in fri-sun.
        return 7 if is_end and text == "sun" else rule.names.index(text) + rule.low
    if not text.isdecimal() or not rule.low <= int(text) <= rule.high:
        named = f", or {rule.names[0]} to {rule.names[-1]}" if rule.names else ""
        raise ValueError(f"{rule.name}: must be from {rule.low} to {rule.high}{named}")
    return int(text)
