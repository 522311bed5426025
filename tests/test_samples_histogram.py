"""Rules of turning an answer's arrays into histograms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

import pytest

from exporter.errors import QueryError
from exporter.model import Column, Histogram, MetricType, Number, Query, Rows
from exporter.samples import families

COLUMNS = ("ages_bounds", "ages_buckets", "ages_count", "ages_sum")


def query(limit: int = 1000) -> Query:
    return Query(
        name="ages",
        set="test",
        help="Ages.",
        every=15.0,
        timeout=2.0,
        labels=("name",),
        columns=(Column("pg_ages_seconds", "ages", MetricType.HISTOGRAM, "Ages."),),
        variants=((0, "SELECT 1"),),
        path="ages.sql",
        limit=limit,
    )


def histogram_of(*cells: object) -> tuple[list[Number | Histogram], Mapping[str, int]]:
    result = families(query(), Rows(("name", *COLUMNS), [("a", *cells)]), "main", None)
    return [sample.value for family in result.families for sample in family.samples], result.dropped


def test_a_histogram_s_arrays_become_one_sample() -> None:
    assert histogram_of([0, 0.5, Decimal(1)], [0, Decimal(2), 2], 3, Decimal("1.25")) == (
        [Histogram((0.0, 0.5, 1.0), (0, 2, 2), 3, 1.25)],
        {},
    )


def test_a_histogram_may_have_no_bound_at_all() -> None:
    assert histogram_of([], [], 0, 0) == ([Histogram((), (), 0, 0)], {})


def test_a_histogram_that_is_null_in_all_columns_is_no_sample_and_is_not_counted() -> None:
    assert histogram_of(None, None, None, None) == ([], {})


@pytest.mark.parametrize(
    "cells",
    [
        ([1.0], [1], 1, None),
        (None, [1], 1, 1),
        ([1.0], [1, 2], 2, 1),
        ([2.0, 1.0], [1, 2], 2, 1),
        ([1.0, 1.0], [1, 2], 2, 1),
        ([math.inf], [1], 2, 1),
        ([math.nan], [1], 2, 1),
        ([-1.0], [1], 2, 1),
        ([1.0, 2.0], [2, 1], 2, 1),
        ([1.0], [-1], 2, 1),
        ([1.0], [3], 2, 1),
        ([1.0], [1.5], 2, 1),
        ([1.0], [None], 2, 1),
        ([None], [1], 2, 1),
        ([1.0], [1], 2.5, 1),
        ([1.0], [1], 2, math.nan),
        ([1.0], [1], 2, "x"),
        ("1", [1], 2, 1),
    ],
)
def test_a_histogram_that_breaks_a_rule_is_malformed(cells: tuple[object, ...]) -> None:
    assert histogram_of(*cells) == ([], {"malformed": 1})


def test_a_histogram_needs_its_four_columns() -> None:
    with pytest.raises(QueryError, match="missing ages_buckets, ages_sum;"):
        families(query(), Rows(("name", "ages_bounds", "ages_count"), []), "main", None)


def test_a_histogram_uses_up_as_much_of_the_limit_as_it_has_lines() -> None:
    rows = Rows(("name", *COLUMNS), [("a", [1.0], [1], 2, 3), ("b", [1.0], [1], 2, 3)])
    assert families(query(limit=8), rows, "main", None).dropped == {}
    assert families(query(limit=7), rows, "main", None).dropped == {"limit": 4}


def test_an_answer_without_rows_gives_no_histogram() -> None:
    assert families(query(), Rows(("name", *COLUMNS), []), "main", None).families == ()
