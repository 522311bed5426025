"""Rules of turning an answer into families."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import QueryError
from exporter.model import (
    Column,
    Histogram,
    MetricType,
    Number,
    OutcomeKind,
    Query,
    Rows,
    Scope,
)
from exporter.samples import SampleSet, families

GAUGE = Column("pg_things", "things", MetricType.GAUGE, "Things.")
COUNTER = Column("pg_reads_total", "reads", MetricType.COUNTER, "Reads.")
INFO = Column("pg_version_info", "version", MetricType.GAUGE, "Version.")


def query(
    *columns: Column, labels: tuple[str, ...] = ("name",), limit: int = 1000, scope: Scope = Scope.SERVER
) -> Query:
    return Query(
        name="things",
        set="test",
        help="Things.",
        every=15.0,
        timeout=2.0,
        labels=labels,
        columns=columns or (GAUGE,),
        variants=((0, "SELECT 1"),),
        path="things.sql",
        scope=scope,
        limit=limit,
    )


def sampled(result: SampleSet) -> dict[str, list[tuple[tuple[str, ...], Number | Histogram]]]:
    return {f.name: [(sample.labels, sample.value) for sample in f.samples] for f in result.families}


def values_of(column: Column, *cells: object) -> tuple[list[Number | Histogram], Mapping[str, int]]:
    """The values that a column's cells become, and what was dropped; every row has a label of its own."""
    rows = Rows(("name", column.column), [(f"row {index}", cell) for index, cell in enumerate(cells)])
    result = families(query(column), rows, "main", None)
    return [sample.value for family in result.families for sample in family.samples], result.dropped


def test_each_row_is_a_sample_of_each_family_in_the_query_s_order() -> None:
    rows = Rows(("reads", "name", "things"), [(7, "a", 1), (8, "b", 2.5)])
    result = families(query(GAUGE, COUNTER), rows, "main", None)
    assert [family.name for family in result.families] == ["pg_things", "pg_reads_total"]
    assert sampled(result) == {
        "pg_things": [(("main", "a"), 1), (("main", "b"), 2.5)],
        "pg_reads_total": [(("main", "a"), 7), (("main", "b"), 8)],
    }
    assert result.dropped == {}


def test_a_family_carries_what_its_column_declares() -> None:
    (family,) = families(query(COUNTER), Rows(("name", "reads"), [("a", 1)]), "main", None).families
    assert (family.name, family.type, family.help) == ("pg_reads_total", MetricType.COUNTER, "Reads.")


def test_a_query_of_scope_server_adds_the_target_before_its_own_labels() -> None:
    rows = Rows(("datname", "things"), [("app", 1)])
    (family,) = families(query(labels=("datname",)), rows, "main", "postgres").families
    assert family.label_names == ("target", "datname")
    assert family.samples[0].labels == ("main", "app")


def test_a_query_of_scope_database_adds_target_and_datname_before_its_own_labels() -> None:
    rows = Rows(("name", "things"), [("a", 1)])
    (family,) = families(query(scope=Scope.DATABASE), rows, "main", "app").families
    assert family.label_names == ("target", "datname", "name")
    assert family.samples[0].labels == ("main", "app", "a")


def test_a_query_without_labels_gives_one_sample_that_has_the_target_alone() -> None:
    result = families(query(labels=()), Rows(("things",), [(3,)]), "main", None)
    assert sampled(result) == {"pg_things": [(("main",), 3)]}


def test_an_answer_without_rows_gives_no_family() -> None:
    result = families(query(GAUGE, COUNTER), Rows(("name", "things", "reads"), []), "main", None)
    assert result == SampleSet((), {})


def test_null_as_a_metric_is_no_sample_and_is_not_counted() -> None:
    assert values_of(GAUGE, None, 0, None) == ([0], {})


def test_a_family_whose_values_are_all_null_is_left_out() -> None:
    result = families(query(GAUGE, COUNTER), Rows(("name", "things", "reads"), [("a", None, 1)]), "m", None)
    assert [family.name for family in result.families] == ["pg_reads_total"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1, "1"),
        (2**63, "9223372036854775808"),
        (Decimal("1.50"), "1.50"),
        ("ünï'\"\\\n", "ünï'\"\\\n"),
    ],
)
def test_a_label_is_the_text_of_its_cell(cell: object, text: str) -> None:
    result = families(query(), Rows(("name", "things"), [(cell, 1)]), "main", None)
    assert sampled(result) == {"pg_things": [(("main", text), 1)]}


def test_a_label_that_utf_8_cannot_hold_gets_a_question_mark_and_the_others_stay() -> None:
    result = families(query(), Rows(("name", "things"), [("a\udcffb", 1), ("é", 2)]), "main", None)
    assert sampled(result) == {"pg_things": [(("main", "a?b"), 1), (("main", "é"), 2)]}


def test_labels_that_become_equal_by_question_marks_are_duplicates() -> None:
    result = families(query(), Rows(("name", "things"), [("\udcff", 1), ("\udcfe", 2)]), "main", None)
    assert sampled(result) == {"pg_things": [(("main", "?"), 1)]}
    assert result.dropped == {"duplicate": 1}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (True, 1),
        (False, 0),
        (2**63 - 1, 9223372036854775807),
        (Decimal(18446744073709551617), 18446744073709551617),
        (Decimal("1E+20"), 100000000000000000000),
        (Decimal("3.000"), 3),
        (Decimal("0.1"), 0.1),
        (Decimal(-7), -7),
        (Decimal("Infinity"), math.inf),
        (-math.inf, -math.inf),
    ],
)
def test_a_value_keeps_every_digit_and_is_an_integer_when_it_is_whole(cell: object, value: Number) -> None:
    (found,), dropped = values_of(GAUGE, cell)
    assert (found, type(found), dropped) == (value, type(value), {})


@pytest.mark.parametrize("cell", [math.nan, Decimal("NaN")])
def test_a_gauge_may_be_nan(cell: object) -> None:
    (found,), dropped = values_of(GAUGE, cell)
    assert isinstance(found, float)
    assert math.isnan(found)
    assert dropped == {}


@pytest.mark.parametrize("cell", ["1", b"1", datetime(2026, 1, 1, tzinfo=UTC), [1], 1j])
def test_what_is_no_number_is_malformed_and_the_rows_beside_it_stay(cell: object) -> None:
    assert values_of(GAUGE, 1, cell, None, 2) == ([1, 2], {"malformed": 1})


def test_a_number_just_within_a_float_s_range_is_kept_and_one_beyond_is_malformed() -> None:
    assert values_of(GAUGE, Decimal("1.7E+308"), Decimal("1.8E+308")) == ([17 * 10**307], {"malformed": 1})


def test_a_counter_is_zero_or_more_and_otherwise_malformed() -> None:
    assert values_of(COUNTER, 0, -1, 0.0, -0.5, math.nan, math.inf, None) == (
        [0, 0.0, math.inf],
        {"malformed": 3},
    )


def test_an_info_family_is_one_and_otherwise_malformed() -> None:
    assert values_of(INFO, 1, 1.0, True, 0, 2, None) == ([1, 1.0, 1], {"malformed": 2})


def test_equal_labels_in_one_family_keep_the_first_and_count_the_others() -> None:
    rows = Rows(("name", "things", "reads"), [("a", None, 1), ("a", 2, 3), ("b", 4, 5), ("a", 6, 7)])
    result = families(query(GAUGE, COUNTER), rows, "main", None)
    assert sampled(result) == {
        "pg_things": [(("main", "a"), 2), (("main", "b"), 4)],
        "pg_reads_total": [(("main", "a"), 1), (("main", "b"), 5)],
    }
    assert result.dropped == {"duplicate": 3}


def test_a_malformed_value_does_not_make_the_next_one_a_duplicate() -> None:
    result = families(query(), Rows(("name", "things"), [("a", "x"), ("a", 1)]), "main", None)
    assert sampled(result) == {"pg_things": [(("main", "a"), 1)]}
    assert result.dropped == {"malformed": 1}


def test_as_many_series_as_the_limit_are_all_kept() -> None:
    rows = Rows(("name", "things", "reads"), [("a", 1, 1), ("b", 2, None), ("c", 3, 3)])
    assert families(query(GAUGE, COUNTER, limit=5), rows, "main", None).dropped == {}


def test_the_row_that_goes_over_the_limit_is_dropped_whole_with_all_after_it() -> None:
    rows = Rows(("name", "things", "reads"), [("a", 1, 1), ("b", 2, 2), ("c", 3, None)])
    result = families(query(GAUGE, COUNTER, limit=3), rows, "main", None)
    assert sampled(result) == {"pg_things": [(("main", "a"), 1)], "pg_reads_total": [(("main", "a"), 1)]}
    assert result.dropped == {"limit": 3}


def test_nulls_and_duplicates_do_not_use_up_the_limit() -> None:
    rows = Rows(("name", "things"), [("a", None), ("b", 1), ("b", 2), ("c", 3), ("d", 4)])
    result = families(query(limit=2), rows, "main", None)
    assert sampled(result) == {"pg_things": [(("main", "b"), 1), (("main", "c"), 3)]}
    assert result.dropped == {"duplicate": 1, "limit": 1}


def test_a_missing_column_is_an_error_that_names_it_and_what_came() -> None:
    with pytest.raises(QueryError, match=r"missing reads; .* returned name, things") as raised:
        families(query(GAUGE, COUNTER), Rows(("name", "things"), []), "main", None)
    assert raised.value.kind is OutcomeKind.SHAPE


def test_a_missing_label_is_an_error_that_names_it() -> None:
    with pytest.raises(QueryError, match="missing name;"):
        families(query(), Rows(("things",), [(1,)]), "main", None)


def test_a_column_that_is_not_declared_is_an_error_that_names_it() -> None:
    with pytest.raises(QueryError, match=r"missing none; not declared, or there twice: thingz;"):
        families(query(), Rows(("name", "things", "thingz"), [("a", 1, 2)]), "main", None)


def test_a_column_that_is_there_twice_is_an_error() -> None:
    with pytest.raises(QueryError, match="there twice: things;"):
        families(query(), Rows(("name", "things", "things"), [("a", 1, 2)]), "main", None)


def test_one_column_may_be_a_label_and_fill_two_families() -> None:
    twin = Column("pg_same_things", "things", MetricType.GAUGE, "The same.")
    result = families(query(GAUGE, twin, labels=("things",)), Rows(("things",), [(4,)]), "main", None)
    assert sampled(result) == {"pg_things": [(("main", "4"), 4)], "pg_same_things": [(("main", "4"), 4)]}


_CELLS = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.decimals(),
    st.text(max_size=2),
    st.binary(max_size=2),
)


@given(
    st.lists(st.tuples(st.text(max_size=1) | st.none(), _CELLS, _CELLS), max_size=8),
    st.integers(min_value=0, max_value=12),
)
def test_every_value_is_either_a_sample_or_counted_and_no_series_is_there_twice(
    rows: Sequence[tuple[object, ...]], limit: int
) -> None:
    result = families(
        query(GAUGE, COUNTER, limit=limit), Rows(("name", "things", "reads"), rows), "main", None
    )
    series = [(family.name, sample.labels) for family in result.families for sample in family.samples]
    values = sum(cell is not None for row in rows for cell in row[1:])
    assert len(series) == len(set(series)) <= limit
    assert len(series) + sum(result.dropped.values()) == values
    assert all(result.dropped.values())
