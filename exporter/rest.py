"""Owns which rows of an answer have series of their own, and how the others are summed up in one.

Pure. It makes a limit harmless: what is over it stays in all sums, and no sum leaps when a row changes sides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from exporter.model import Column, MetricType, Number, Query, Rows

OTHER = "_other"
_NO_SUM = ("_ratio", "_timestamp_seconds", "_info")

_Cells = tuple[object, ...]
_Numbers = tuple[Number | None, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What one run leaves for the next: which rows had their own series, and the counters of all rows.

    `shape` is the query's labels and columns, which a reload may have changed since. `lump` are the counters
    of what the query itself had summed up, NULL when that was nothing; `total` is what the counters of the
    rest have come to.
    """

    shape: tuple[tuple[str, ...], tuple[Column, ...]]
    named: frozenset[_Cells]
    counters: Mapping[_Cells, _Numbers]
    lump: _Numbers
    total: Sequence[Number]


def adds_up(column: Column) -> bool:
    """Tell whether the sum of a column means anything: a time, a share and an info have none."""
    return not column.family.endswith(_NO_SUM)


def places(query: Query) -> int:
    """Return how many rows have series of their own: the limit is of series, and the rest is a row, too."""
    return max(1, query.limit // len(query.columns) - 1)


def summed_up(query: Query, rows: Rows, previous: Known | None) -> tuple[Rows, Known | None]:
    """Keep as many rows as the query's limit allows; add one, its last label OTHER, for all the rest.

    The answer's order is the ranking. The upper half of the places is given by it alone; a row in the lower
    half keeps its place until it is needed, so that two rows of a size do not take turns. A row whose labels
    are all NULL is part of the rest: what the query did not want to list one by one.

    A gauge of the rest is the sum. A counter of the rest is what its rows gained since the first run. The sum
    of their values would fall whenever a row gets its own series, and Prometheus would take that for a reset
    and count all that is left once more. What a row gains in the interval in which it comes or goes is the
    rest's, because its own series has one end of that interval only.

    An answer that lacks a declared column, or has others, is returned as it is.
    """
    columns = (*query.labels, *(column.column for column in query.columns))
    if sorted(columns) != sorted(rows.columns):
        return rows, previous
    order, width = [rows.columns.index(name) for name in columns], len(query.labels)
    table = [tuple([row[place] for place in order]) for row in rows.rows]
    listed = {row[:width]: row for row in table if row[:width].count(None) < width}
    lumps = [row for row in table if row[:width].count(None) == width]
    if previous is not None and previous.shape != (query.labels, query.columns):
        previous = None
    named = _named(query, listed, previous.named if previous else ())
    now = _looked_at(query, named, listed, lumps)
    if previous is not None:
        total = [a + b for a, b in zip(previous.total, _gained(previous, now), strict=True)]
        now = replace(now, total=total)
    kept = [row for row in table if row[:width] in named]
    rest = [row for key, row in listed.items() if key not in named] + lumps
    other = (*[""] * (width - 1), OTHER, *_values(query, kept, rest, now.total))
    return Rows(columns, (*kept, other), rows.seconds), now


def _named(query: Query, ranking: Iterable[_Cells], before: Collection[_Cells]) -> frozenset[_Cells]:
    keys, room = list(ranking), places(query)
    sure = keys[: (room + 1) // 2]
    below = sorted(keys[len(sure) :], key=lambda key: key not in before)
    return frozenset((*sure, *below[: room - len(sure)]))


def _looked_at(
    query: Query, named: frozenset[_Cells], listed: Mapping[_Cells, _Cells], lumps: Sequence[_Cells]
) -> Known:
    """Return what is known after one look alone: no counter of the rest has gained anything."""
    places = [n for n, _ in _counters(query)]
    counters = {key: tuple([_number(row[place]) for place in places]) for key, row in listed.items()}
    lump = tuple(_number(lumps[0][place]) if lumps else None for place in places)
    return Known((query.labels, query.columns), named, counters, lump, [0] * len(places))


def _counters(query: Query) -> Iterator[tuple[int, Column]]:
    """Yield each counter with its place in a row."""
    for place, column in enumerate(query.columns, len(query.labels)):
        if column.type is MetricType.COUNTER:
            yield place, column


def _number(cell: object) -> Number | None:
    if isinstance(cell, Decimal):  # the server's sum of bigints
        return int(cell) if cell.is_finite() and cell == int(cell) else float(cell)
    return cell if isinstance(cell, int | float) else None


def _gained(before: Known, now: Known) -> Sequence[Number]:
    """Return how far the counters of the rest went up from one look to the next."""
    size = len(before.total)
    nothing = (0,) * size
    lumped = before.lump.count(None) + now.lump.count(None) < 2 * size
    gained: list[Number] = [0] * size
    for key, after in now.counters.items():
        if key in before.named and key in now.named:
            continue
        # What is new began at 0; but where rows are lumped together it may have been there all the time.
        start = before.counters.get(key, after if lumped else nothing)
        gained = [sum_ + _increase(a, b) for sum_, a, b in zip(gained, start, after, strict=True)]
    if not lumped:
        return gained
    came = [now.counters[key] for key in now.counters.keys() - before.counters.keys()]
    went = [before.counters[key] for key in before.counters.keys() - now.counters.keys()]
    # What was dropped takes away all that it ever gained, hence no less than 0: too low, never too high.
    changed = zip(_sum((before.lump, *went)), _sum((now.lump, *came)), strict=True)
    return [one + max(0, b - a) for one, (a, b) in zip(gained, changed, strict=True)]


def _increase(before: Number | None, after: Number | None) -> Number:
    """Return what a counter gained; one that is lower than before was reset and began at 0."""
    if before is None or after is None:
        return 0
    return after - before if after >= before else after


def _sum(rows: Iterable[_Numbers]) -> list[Number]:
    return [sum(number or 0 for number in column) for column in zip(*rows, strict=True)]


def _values(
    query: Query, kept: Sequence[_Cells], rest: Sequence[_Cells], total: Sequence[Number]
) -> Iterator[Number | None]:
    """Yield what the rest has in each column; NULL where all its rows have it, as on an older server."""
    totals = {column.column: number for (_, column), number in zip(_counters(query), total, strict=True)}
    for place, column in enumerate(query.columns, len(query.labels)):
        numbers = [number for row in rest if (number := _number(row[place])) is not None]
        if column.column in totals:
            is_known = numbers or any(row[place] is not None for row in kept)
            yield totals[column.column] if is_known else None
        else:
            yield sum(numbers) if numbers and adds_up(column) else None
