"""Owns how far behind in seconds somebody is who is known to be behind in bytes: the WAL read as a clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from exporter.model import Rows

# What the derivation reads and does not hand on; the columns before the first of them tell the rows apart.
INPUTS = ("now", "head", "position", "measured", "at_most")
LAG = "lag_seconds"

# Marks that are remembered at most. Of more, every second one goes, which only makes the clock coarser.
MOST = 240

_Key = tuple[object, ...]


class Mark(NamedTuple):
    """The WAL is known to have ended at `head` bytes from `first` to `last`, Unix times."""

    head: float
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Clock:
    """What one look leaves for the next: marks in ascending order, and where each row was."""

    marks: tuple[Mark, ...] = ()
    positions: Mapping[_Key, float] = field(default_factory=dict)


class _Look(NamedTuple):
    now: float | None
    head: float | None
    position: float | None
    measured: float | None
    at_most: float | None


def wal_clock(
    rows: Rows,
    previous: object | None,
    now: float,  # noqa: ARG001 - all times come from the server, whose clock is not ours
) -> tuple[Rows, object | None]:
    """Derive `lag_seconds`: for how long the oldest WAL has been there that lies past a row's `position`.

    `head` is where the WAL ends in bytes at `now`, Unix time, the same in all rows; NULL while nobody tells.
    Looks in the past say when the WAL ended where the position is now, between two of them by proportion. A
    position at the end is 0 behind: an idle server makes nobody late. While the end is not known, what was
    known last counts, so that the lag grows from the last contact on.

    Two more columns may know better. `at_most` is an upper bound in seconds. `measured` is what the server
    measured itself: it is believed while the position moves, as it may stay the same when the position stops.
    Without any of them, and before the first mark that the position has passed, there is no value.

    Columns that are no INPUTS are handed on; those before the first of INPUTS tell the rows apart. The error
    is at most the time between two looks, since the way from one mark to the next is taken to be even.
    """
    before = previous if isinstance(previous, Clock) else Clock()
    places = [rows.columns.index(name) for name in INPUTS]
    keys = [tuple(row[: min(places)]) for row in rows.rows]
    looks = [_Look(*(_number(row[place]) for place in places)) for row in rows.rows]
    marks = _with_head(before.marks, looks)
    lags = [_lag(look, marks, before.positions.get(key)) for key, look in zip(keys, looks, strict=True)]
    kept = [index for index, name in enumerate(rows.columns) if name not in INPUTS]
    lines = [(*(row[index] for index in kept), lag) for row, lag in zip(rows.rows, lags, strict=True)]
    positions = {
        key: look.position for key, look in zip(keys, looks, strict=True) if look.position is not None
    }
    columns = (*(rows.columns[index] for index in kept), LAG)
    return Rows(columns, lines, rows.seconds), Clock(_needed(marks, positions.values()), positions)


def _number(cell: object) -> float | None:
    return cell if isinstance(cell, int | float) else None


def _lag(look: _Look, marks: Sequence[Mark], earlier: float | None) -> float | None:
    if look.position is None:
        return None
    if look.head is not None and look.position >= look.head:
        return 0.0
    moves = earlier is not None and look.position != earlier
    passed = _passed(marks, look.position)
    by_clock = None if passed is None or look.now is None else look.now - passed
    known = [by_clock, look.at_most, look.measured if moves else None]
    lag = min((value for value in known if value is not None), default=None)
    return None if lag is None else max(0.0, lag)


def _passed(marks: Sequence[Mark], position: float) -> float | None:
    """Return when the WAL last ended at `position`; None when that was before the first mark."""
    below = sum(mark.head <= position for mark in marks)
    if not below:
        return None
    mark = marks[below - 1]
    if below == len(marks):
        return mark.last
    after = marks[below]
    share = (position - mark.head) / (after.head - mark.head)
    return mark.last + share * (after.first - mark.last)


def _with_head(marks: tuple[Mark, ...], looks: Sequence[_Look]) -> tuple[Mark, ...]:
    """Return the marks with the end of the WAL as it is now; one that went back is of another history."""
    for look in looks:
        if look.head is not None and look.now is not None:
            if marks and look.head == marks[-1].head:
                return (*marks[:-1], marks[-1]._replace(last=look.now))
            known = marks if marks and look.head > marks[-1].head else ()
            return (*known, Mark(look.head, look.now, look.now))
    return marks


def _needed(marks: tuple[Mark, ...], positions: Collection[float]) -> tuple[Mark, ...]:
    """Leave out marks that all positions have passed, the last such apart; thin out what is too many."""
    least = min(positions, default=0.0)
    passed = sum(mark.head <= least for mark in marks)
    left = marks[max(0, passed - 1) :]
    return left if len(left) <= MOST else (*left[:-1:2], left[-1])
