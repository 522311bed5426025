"""Owns which hours a query has on a target: its own, and those that the user gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from fnmatch import fnmatchcase
from functools import lru_cache

from exporter import cron
from exporter.document import suggestion
from exporter.errors import Fault
from exporter.hours import Hours, ever_closes, ever_opens
from exporter.model import Query
from exporter.quiet_settings import QuietHours
from exporter.settings import Settings
from exporter.zones import zone

# Targets that a remark names; a fleet may have hundreds.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Timetable:
    """The hours of every query on one target, on the clock of its `zone`."""

    name: str = "UTC"
    zone: tzinfo = UTC
    given: tuple[QuietHours, ...] = ()

    def hours(self, query: Query) -> Hours:
        """Return when the query may run: where its own hours and all that it is given agree."""
        hours = query.hours
        for each in self.given:
            if _is_about(each, query):
                hours &= _hours(each)
        return hours


def timetables(settings: Settings) -> Mapping[str, Timetable]:
    """Return by target what is valid there."""
    return {
        target.name: Timetable(
            target.timezone,
            zone(target.timezone),
            tuple(each for each in settings.quiet_hours if _fits(target.name, each.targets or ("*",))),
        )
        for target in settings.targets
    }


def faults(settings: Settings, queries: Mapping[str, Query]) -> Iterator[Fault]:
    """Yield the patterns for sets and queries that nothing of the catalogue fits."""
    known = {"sets": {query.set for query in queries.values()}, "queries": set(queries)}
    for index, each in enumerate(settings.quiet_hours):
        for key, names in known.items():
            for place, pattern in enumerate(getattr(each, key)):
                if not any(fnmatchcase(name, pattern) for name in names):
                    problem = f"no {'set' if key == 'sets' else 'query'} has this name"
                    at = ("quiet_hours", index, key, place)
                    yield settings.fault(at, problem, suggestion(pattern, names))


def remarks(settings: Settings, queries: Mapping[str, Query]) -> Iterator[str]:
    """Yield what of the hours changes nothing, and which queries they never let run."""
    names = [target.name for target in settings.targets]
    for index, each in enumerate(settings.quiet_hours):
        at = f"quiet_hours.{index}"
        if each.only and not ever_closes(Hours(only=_hours(each).only)):
            yield f"{at}.only: covers every minute"
        for pattern in each.targets:
            if not any(fnmatchcase(name, pattern) for name in names):
                yield f"{at}.targets: no target has the name {pattern}"
    yield from _never_run(settings, queries)


def _never_run(settings: Settings, queries: Mapping[str, Query]) -> Iterator[str]:
    alike: dict[tuple[QuietHours, ...], list[str]] = {}
    for name, timetable in timetables(settings).items():
        alike.setdefault(timetable.given, []).append(name)
    for given, targets in alike.items():
        where = "any target" if len(targets) == len(settings.targets) else _some(targets)
        for query in queries.values():
            if not ever_opens(Timetable(given=given).hours(query)):
                yield f"query {query.name}: its hours never let it run on {where}"


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


@lru_cache
def _hours(given: QuietHours) -> Hours:
    only = tuple(map(cron.parse, given.only))
    return Hours((only,) if only else (), tuple(map(cron.parse, given.never)))


def _is_about(given: QuietHours, query: Query) -> bool:
    if not given.sets and not given.queries:
        return True
    return _fits(query.set, given.sets) or _fits(query.name, given.queries)


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
