"""Owns an order of rows that tells the busy ones of late from those that were busy once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.model import Number, Rows

PACE = "pace"  # the counter that decides; it is no part of what is derived
HALF_LIFE = 3600.0  # seconds after which a gain counts half

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """What one look leaves for the next: when it was, the counter of each row, and its score."""

    at: float
    counters: Mapping[_Key, Number]
    scores: Mapping[_Key, float]


def busiest(rows: Rows, previous: object | None, now: float) -> tuple[Rows, object | None]:
    """Derive the same rows without PACE, in the order of who gained most of it of late, then of who has most.

    Since a counter of months hides what became slow today, a row's score is what it gained, halved with
    every HALF_LIFE that passes. The first look knows of no gains. Rows are told apart by the columns before
    PACE, which are the labels.
    """
    place = rows.columns.index(PACE)
    counters = {row[:place]: _number(row[place]) for row in rows.rows}
    scores = dict.fromkeys(counters, 0.0)
    if isinstance(previous, Memory):
        left = 0.5 ** (max(0.0, now - previous.at) / HALF_LIFE)
        for key, value in counters.items():
            before = previous.counters.get(key, 0)
            gain = value - before if value >= before else value
            scores[key] = previous.scores.get(key, 0.0) * left + gain
    lines = {row[:place]: (*row[:place], *row[place + 1 :]) for row in rows.rows}
    ordered = sorted(lines, key=lambda key: (scores[key], counters[key]), reverse=True)
    columns = (*rows.columns[:place], *rows.columns[place + 1 :])
    return Rows(columns, [lines[key] for key in ordered], rows.seconds), Memory(now, counters, scores)


def _number(cell: object) -> Number:
    return cell if isinstance(cell, int | float) else 0
