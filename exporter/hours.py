"""Owns when something may run: windows put together, and the next moment at which that changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from exporter.cron import MINUTES, WHOLE_DAY, Window, every_day

# The longest that a calendar makes anybody wait: 29 February on one weekday, over a century that has none.
_LONGEST = timedelta(days=41 * 366)
_MINUTE = timedelta(minutes=1)

# One of several windows is enough.
Windows = tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """Open in a minute that is in each of `only`, and in none of `never`; without both always open."""

    only: tuple[Windows, ...] = ()
    never: Windows = ()

    def __and__(self, other: Hours) -> Hours:
        """Return the hours in which both are open."""
        return Hours(self.only + other.only, self.never + other.never)

    def __bool__(self) -> bool:
        """Return whether there is any restriction."""
        return bool(self.only or self.never)

    def on(self, month: int, day: int, weekday: int) -> int:
        """Return the minutes of such a day that are open, as bits; `weekday` counts from Sunday, 0."""
        result = WHOLE_DAY
        for windows in self.only:
            result &= _either(windows, month, day, weekday)
        return result & ~_either(self.never, month, day, weekday)


@lru_cache
def ever_opens(hours: Hours) -> bool:
    """Tell whether there is a minute in some year that is open."""
    return any(hours.on(*day) for day in every_day())


@lru_cache
def ever_closes(hours: Hours) -> bool:
    """Tell whether there is a minute in some year that is not open."""
    return any(hours.on(*day) != WHOLE_DAY for day in every_day())


def is_open(hours: Hours, at: float, zone: tzinfo) -> bool:
    """Tell whether the clock of `zone` shows an open minute at the Unix time `at`."""
    return _is_open(hours, datetime.fromtimestamp(at, UTC).astimezone(zone))


def next_change(hours: Hours, at: float, zone: tzinfo) -> float | None:
    """Return the Unix time after `at` from which it is the other way, None when it never is.

    Where clocks are turned back the hour that comes twice counts both times; where they are turned forward
    the hour that does not come does not count.
    """
    if not (ever_opens(hours) and ever_closes(hours)):
        return None
    moment = datetime.fromtimestamp(at, UTC).replace(second=0, microsecond=0)
    end = moment + _LONGEST
    before = is_open(hours, at, zone)
    while moment < end:
        local = moment.astimezone(zone)
        if _is_open(hours, local) != before:
            return moment.timestamp()
        later = moment + _MINUTE * _steady(hours, local)
        # A clock that is turned on the way makes another day of this one: then minute by minute.
        is_turned = later.astimezone(zone).utcoffset() != local.utcoffset()
        moment = moment + _MINUTE if is_turned else later
    return None


def _either(windows: Windows, month: int, day: int, weekday: int) -> int:
    result = 0
    for window in windows:
        result |= window.on(month, day, weekday)
    return result


def _minutes(hours: Hours, local: datetime) -> int:
    return hours.on(local.month, local.day, local.isoweekday() % 7)


def _is_open(hours: Hours, local: datetime) -> bool:
    return bool(_minutes(hours, local) >> (local.hour * 60 + local.minute) & 1)


def _steady(hours: Hours, local: datetime) -> int:
    """Return for how many minutes of its day nothing changes after `local`, that one included."""
    now = local.hour * 60 + local.minute
    rest = _minutes(hours, local) >> now
    if rest & 1:
        rest = ~rest & ((1 << MINUTES - now) - 1)
    lowest = (rest & -rest).bit_length() - 1
    return MINUTES - now if rest == 0 else lowest
