"""Measures what a polled value costs from row to bytes: families(), then fragment() with its compression."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from exporter.model import Column, MetricType, Query, Rows, Scope
from exporter.render import fragment
from exporter.samples import families

TARGET = 1.5  # microseconds a sample, for fragment()
COLUMNS = 10


@dataclass
class Case:
    """One kind of answer: how its labels and values are made, and whether the target holds for it."""

    name: str
    label: Callable[[int], str]
    value: Callable[[int], int | float]
    checked: bool = True
    seconds: list[tuple[float, float]] = field(default_factory=list)


def _spread(number: int) -> int:
    """Return a number of up to 12 digits that looks random and is the same in every run."""
    return number * 2_654_435_761 % 10**12


CASES = (
    Case("integers", "table_{}".format, _spread),
    Case("one float in four", "table_{}".format, lambda n: _spread(n) / 1e6 if n % 4 == 0 else _spread(n)),
    Case("floats of 17 digits", "table_{}".format, lambda n: _spread(n) / 3e11),
    Case("every name to escape", 'table_"{}"'.format, _spread, checked=False),
)


def _query() -> Query:
    columns = [
        Column(f"pg_stat_user_tables_{number}_total", f"value_{number}", MetricType.COUNTER, "A counter.")
        for number in range(COLUMNS)
    ]
    return Query(
        name="pg_stat_user_tables",
        set="benchmark",
        help="Counters of tables.",
        every=60.0,
        timeout=2.0,
        labels=("schemaname", "relname"),
        columns=tuple(columns),
        variants=((0, "SELECT"),),
        path="",
        scope=Scope.DATABASE,
        limit=10**9,
    )


def _rows(case: Case, query: Query, samples: int) -> Rows:
    names = (*query.labels, *(column.column for column in query.columns))
    rows = [
        ("public", case.label(row), *(case.value(row * COLUMNS + column + 1) for column in range(COLUMNS)))
        for row in range(samples // COLUMNS)
    ]
    return Rows(names, rows)


def _run(query: Query, rows: Rows) -> tuple[float, float]:
    """Return the seconds that families() and all fragment() calls take."""
    start = time.perf_counter()
    found = families(query, rows, "main", "app").families
    middle = time.perf_counter()
    for family in found:
        fragment(family)
    return middle - start, time.perf_counter() - middle


def main() -> int:
    """Measure all cases in turns, print medians, and return 1 when `--check` finds a target missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000, help="samples in one answer (default 100000)")
    parser.add_argument("--runs", type=int, default=15, help="runs of each case (default 15)")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args()
    query = _query()
    answers = [(case, _rows(case, query, options.samples)) for case in CASES]
    for _ in range(options.runs):
        for case, rows in answers:
            case.seconds.append(_run(query, rows))
    print(f"{'µs a sample, medians':<24}{'families':>10}{'fragment':>10}{'together':>10}   target (fragment)")
    missed = False
    for case in CASES:
        made, rendered = (
            statistics.median(part) / options.samples * 1e6 for part in zip(*case.seconds, strict=True)
        )
        verdict = "none" if not case.checked else f"<= {TARGET}: " + ("yes" if rendered <= TARGET else "NO")
        missed |= case.checked and rendered > TARGET
        print(f"{case.name:<24}{made:>10.2f}{rendered:>10.2f}{made + rendered:>10.2f}   {verdict}")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
