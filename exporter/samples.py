"""Owns which value of an answer is a sample: rows to families, with what is left out counted by reason.

Pure. It goes column by column, not row by row: nearly always a column's values have one type, so the column
is looked at once instead of each value, and an answer of 100,000 values stays cheap.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, repeat
from types import NoneType
from typing import TypeGuard

from exporter.errors import QueryError
from exporter.model import (
    Column,
    Family,
    Histogram,
    MetricType,
    Number,
    OutcomeKind,
    Query,
    Rows,
    Sample,
    Scope,
)

LIMIT = "limit"
DUPLICATE = "duplicate"
MALFORMED = "malformed"

_HISTOGRAM_PARTS = ("bounds", "buckets", "count", "sum")
_READY = frozenset({int, float, NoneType})

_Cells = Sequence[object]
_Table = Mapping[str, _Cells]
_Value = Number | Histogram | None  # None: no sample


@dataclass(frozen=True, slots=True)
class SampleSet:
    """What one answer gives: its families, and how many series were left out, by reason (none is no key).

    Reasons: `limit` (beyond the query's limit), `duplicate` (labels seen before in that family), `malformed`
    (not a number, or one that the family's type does not allow). A malformed histogram counts as one.
    """

    families: tuple[Family, ...]
    dropped: Mapping[str, int]


def families(query: Query, rows: Rows, target: str, database: str | None) -> SampleSet:
    """Turn an answer into the query's families, in the query's order; one without a sample is left out.

    NULL is no sample as a metric and "" as a label. A row is kept whole or not at all when the limit cuts;
    a histogram counts as many series as it has lines on the page.

    Raises:
        QueryError: of kind SHAPE when the answer's columns are not exactly the declared ones.
    """
    table = _table(query, rows)
    own = {"target": target} if query.scope is Scope.SERVER else {"target": target, "datname": database or ""}
    label_names = (*own, *query.labels)
    size = len(rows.rows)
    constant = [repeat(value, size) for value in own.values()]
    labels = list(zip(*constant, *(_texts(table[name]) for name in query.labels), strict=True))
    dropped: Counter[str] = Counter()
    values = [_values(column, table, dropped) for column in query.columns]
    if len(set(labels)) < size:
        values = [_first_of_each(labels, column, dropped) for column in values]
    kept = _rows_within(query, values, dropped)
    found = [
        Family(column.family, column.type, column.help, label_names, samples)
        for column, cells in zip(query.columns, values, strict=True)
        if (samples := _samples(labels[:kept], cells[:kept]))
    ]
    return SampleSet(tuple(found), {reason: count for reason, count in dropped.items() if count})


def _samples(labels: Sequence[tuple[str, ...]], values: Sequence[_Value]) -> tuple[Sample, ...]:
    pairs = zip(labels, values, strict=True)
    return tuple([Sample(series, value) for series, value in pairs if value is not None])


def _table(query: Query, rows: Rows) -> _Table:
    """Return the cells of each column by its name, when the columns are exactly those declared."""
    declared = [*query.labels]
    for column in query.columns:
        if column.type is MetricType.HISTOGRAM:
            declared += [f"{column.column}_{part}" for part in _HISTOGRAM_PARTS]
        else:
            declared.append(column.column)
    missing = [name for name in declared if name not in rows.columns]
    # The rows that are kept as evidence say more than the samples.
    surplus = Counter(rows.columns) - Counter(set(rows.columns if query.evidence else declared))
    if missing or surplus:
        raise QueryError(
            OutcomeKind.SHAPE,
            f"the answer's columns are not those declared: missing {_listed(missing)}; "
            f"not declared, or there twice: {_listed(surplus)}; returned {_listed(rows.columns)}",
        )
    cells = zip(*rows.rows, strict=True) if rows.rows else repeat((), len(rows.columns))
    return dict(zip(rows.columns, cells, strict=True))


def _listed(names: Sequence[str] | Counter[str]) -> str:
    return ", ".join(names) or "none"


def _texts(cells: _Cells) -> Sequence[str]:
    """Return the cells as label values that UTF-8 can hold; a lone surrogate becomes a question mark."""
    texts = cells if _all_text(cells) else [_text(cell) for cell in cells]
    together = "".join(texts)
    if together.isascii() or together.encode(errors="replace").decode() == together:
        return texts
    return [text.encode(errors="replace").decode() for text in texts]


def _all_text(cells: _Cells) -> TypeGuard[Sequence[str]]:
    return {*map(type, cells)} == {str}


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def _values(column: Column, table: _Table, dropped: Counter[str]) -> Sequence[_Value]:
    """Return a column's value for each row; NULLs and malformed ones are None, the latter counted."""
    if column.type is MetricType.HISTOGRAM:
        return _histograms(column, table, dropped)
    cells = table[column.column]
    values = cells if _all_ready(cells) else [_number(cell) for cell in cells]
    if column.type is MetricType.COUNTER:
        # OpenMetrics: a counter is neither negative nor NaN.
        values = [value if value is None or value >= 0 else None for value in values]
    elif column.family.endswith("_info"):
        # OpenMetrics: an info metric is 1. Any other value would make the whole page invalid.
        values = [value if value == 1 else None for value in values]
    if values is not cells:
        dropped[MALFORMED] += values.count(None) - cells.count(None)
    return values


def _all_ready(cells: _Cells) -> TypeGuard[Sequence[Number | None]]:
    return _READY.issuperset(map(type, cells))


def _number(cell: object) -> Number | None:
    """Return what a cell is worth, or None for NULL and for what is no number or beyond a float's range."""
    if isinstance(cell, bool):
        return int(cell)
    if isinstance(cell, int | float):
        return cell
    if not isinstance(cell, Decimal):
        return None
    if not cell.is_finite():
        return math.nan if cell.is_nan() else float(cell)
    # Prometheus reads every value as a float; one beyond its range fails the whole scrape.
    if math.isinf(float(cell)):
        return None
    whole = int(cell)
    return whole if whole == cell else float(cell)


def _histograms(column: Column, table: _Table, dropped: Counter[str]) -> list[_Value]:
    values: list[_Value] = []
    for cells in zip(*(table[f"{column.column}_{part}"] for part in _HISTOGRAM_PARTS), strict=True):
        values.append(_histogram(*cells))
        if values[-1] is None and cells != (None, None, None, None):
            dropped[MALFORMED] += 1
    return values


def _histogram(bounds: object, buckets: object, count: object, total: object) -> Histogram | None:
    """Return the histogram, or None when it is none by the rules of OpenMetrics.

    Bounds are finite, ascending and not negative (with a negative one a `_sum` is not allowed, and ours
    always has it); buckets are cumulative; the count covers the last bucket; the sum is not NaN.
    """
    edges, steps, (whole, value) = _numbers(bounds), _numbers(buckets), (_number(count), _number(total))
    if edges is None or steps is None or whole is None or value is None or len(edges) != len(steps):
        return None
    chain = [0, *steps, whole]
    counts = [step for step in chain if isinstance(step, int)]
    limits = [0.0, *map(float, edges), math.inf]
    ascending = all(low < high for low, high in pairwise(limits[1:])) and limits[0] <= limits[1]
    cumulative = len(counts) == len(chain) and all(low <= high for low, high in pairwise(counts))
    if not (ascending and cumulative) or math.isnan(value):
        return None
    return Histogram(tuple(limits[1:-1]), tuple(counts[1:-1]), counts[-1], value)


def _numbers(array: object) -> list[Number] | None:
    if not isinstance(array, list | tuple):
        return None
    numbers = [_number(item) for item in array]
    return None if None in numbers else [number for number in numbers if number is not None]


def _first_of_each(
    labels: Sequence[tuple[str, ...]], values: Sequence[_Value], dropped: Counter[str]
) -> list[_Value]:
    """Return the values with None for each whose labels came before with a value."""
    seen: set[tuple[str, ...]] = set()
    unique: list[_Value] = []
    for label, value in zip(labels, values, strict=True):
        if value is not None and label in seen:
            dropped[DUPLICATE] += _series(value)
            unique.append(None)
            continue
        if value is not None:
            seen.add(label)
        unique.append(value)
    return unique


def _series(value: _Value) -> int:
    """Return how many series a value makes: for a histogram, its buckets with +Inf, sum and count."""
    if isinstance(value, Histogram):
        return len(value.bounds) + 3
    return 0 if value is None else 1


def _rows_within(query: Query, values: Sequence[Sequence[_Value]], dropped: Counter[str]) -> int:
    """Return how many leading rows fit into the query's limit of series, and count the series of the rest."""
    total = sum(_series_of(column, cells) for column, cells in zip(query.columns, values, strict=True))
    kept = used = 0
    if total <= query.limit:
        return max(map(len, values), default=0)
    for row in zip(*values, strict=True):
        size = sum(map(_series, row))
        if used + size > query.limit:
            break
        used += size
        kept += 1
    dropped[LIMIT] += total - used
    return kept


def _series_of(column: Column, values: Sequence[_Value]) -> int:
    if column.type is MetricType.HISTOGRAM:
        return sum(map(_series, values))
    return len(values) - values.count(None)
