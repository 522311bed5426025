"""Owns the rows behind a number, kept for people: who blocked whom. In memory, bounded, never a label.

An episode is a series of runs that each had rows, as one pile-up in a lock queue; a run without rows ends it.
Of an episode the first, the largest and the newest snapshot are kept, so that a long one does not push out
the one before it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exporter.model import JobKey, Query, Rows

# Characters of a value: names end at 63, texts of queries need not all be there.
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of one run; `at` is Unix time. `left_out` are those beyond the query's limit."""

    at: float
    rows: tuple[Mapping[str, object], ...]
    left_out: int = 0

    @property
    def size(self) -> int:
        """How many rows there were."""
        return len(self.rows) + self.left_out


@dataclass(frozen=True, slots=True)
class Episode:
    """Runs in a row that had rows. `ended` is the time of the first without, None while it lasts."""

    query: str
    database: str | None
    runs: int
    first: Snapshot
    largest: Snapshot
    newest: Snapshot
    ended: float | None = None

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """What is kept of it, the newest first, none twice."""
        found = {each.at: each for each in (self.first, self.largest, self.newest)}
        return tuple(found[at] for at in sorted(found, reverse=True))


class Evidence:
    """The newest `keep` episodes of each kind on each target; 0 keeps nothing."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._episodes: defaultdict[tuple[str, str], deque[Episode]] = defaultdict(deque)

    def configure(self, keep: int) -> None:
        """Keep that many from now on."""
        self._keep = keep
        for episodes in self._episodes.values():
            self._cut(episodes)

    def note(self, key: JobKey, query: Query, rows: Rows, now: float) -> None:
        """Take what a run of `query` answered, derived; no row is news too, it ends an episode."""
        if query.evidence is None:
            return
        episodes = self._episodes[key.target, query.evidence]
        last = next(
            (each for each in episodes if (each.query, each.database) == (key.query, key.database)), None
        )
        lasting = last if last is not None and last.ended is None else None
        if lasting is not None:
            episodes.remove(lasting)
        if rows.rows:
            episodes.appendleft(_extended(lasting, key, _snapshot(rows, query.limit, now)))
        elif lasting is not None:
            episodes.appendleft(replace(lasting, ended=now))
        self._cut(episodes)

    def of(self, target: str, kind: str) -> tuple[Episode, ...]:
        """Return what is kept, the newest first."""
        return tuple(self._episodes.get((target, kind), ()))

    def forget(self, target: str) -> None:
        """Drop all about a target that is no more."""
        for place in [place for place in self._episodes if place[0] == target]:
            del self._episodes[place]

    def _cut(self, episodes: deque[Episode]) -> None:
        while len(episodes) > self._keep:
            episodes.pop()


def _extended(before: Episode | None, key: JobKey, now: Snapshot) -> Episode:
    if before is None:
        return Episode(key.query, key.database, 1, now, now, now)
    largest = max(before.largest, now, key=lambda each: each.size)
    return replace(before, runs=before.runs + 1, largest=largest, newest=now)


def _snapshot(rows: Rows, limit: int, now: float) -> Snapshot:
    kept = tuple(
        {name: _plain(value) for name, value in zip(rows.columns, row, strict=True)}
        for row in rows.rows[:limit]
    )
    return Snapshot(now, kept, len(rows.rows) - len(kept))


def _plain(value: object) -> object:
    """Return a value as JSON can hold it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value)[:_LONGEST]
