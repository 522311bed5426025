"""The arithmetic of B-trees: what holds for every index, and sizes that follow from the layout by hand."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.derive.btree_bloat_pages import Tree, built_pages
from exporter.derive.btree_bloat_tuples import (
    KeyColumn,
    joint_values,
    patterns,
    prefix_distinct,
    stored_lengths,
    tuple_sizes,
)

_ROWS = 10_000
INTEGER = KeyColumn(4, 4, 4, distinct=_ROWS)

_fractions = st.floats(0, 1)
_columns = st.builds(
    lambda kind, width, nulls, distinct: KeyColumn(kind[0], kind[1], width, nulls, distinct),
    st.sampled_from([(1, 1), (2, 2), (4, 4), (8, 8), (16, 1), (-1, 4), (-2, 1)]),
    st.integers(1, 5000),
    _fractions,
    st.floats(1, _ROWS),
).map(lambda column: replace(column, width=column.length) if column.length > 0 else column)
_keys = st.lists(_columns, min_size=1, max_size=3)


def _tree(*columns: KeyColumn, rows: float = _ROWS, **changes: object) -> Tree:
    return replace(Tree(rows, _ROWS, columns, len(columns)), **changes)  # type: ignore[arg-type] # names are Tree's


def test_integers_take_16_bytes_and_a_pointer_each() -> None:
    """A leaf takes items until less than a tenth of it is free, and hands the last one to the next page."""
    a_leaf = (8192 - 48 - 819) // 20 + 1 - 1
    leaves = ceil(_ROWS / a_leaf)
    assert built_pages(_tree(INTEGER, deduplicates=False)) == 1 + leaves + 1


def test_an_index_without_rows_is_its_meta_page() -> None:
    assert built_pages(_tree(INTEGER, rows=0)) == 1


def test_a_tree_of_one_leaf_has_no_page_above_it() -> None:
    assert built_pages(_tree(INTEGER, rows=300)) == 2


def test_rows_of_one_key_take_6_bytes_each() -> None:
    """A posting list holds 132 rows in 808 bytes and a pointer; the ninth of a page starts the next."""
    one_value = replace(INTEGER, distinct=1, frequencies=(1.0,))
    leaves = ceil(_ROWS / 132 * 812 / (8 * 812))
    assert abs(built_pages(_tree(one_value)) - (1 + leaves + 1)) <= 1


def test_nulls_are_one_key() -> None:
    all_null = replace(INTEGER, null_fraction=1.0, distinct=0)
    one_value = replace(INTEGER, distinct=1, frequencies=(1.0,))
    assert abs(built_pages(_tree(all_null)) - built_pages(_tree(one_value))) <= 1


def test_a_null_makes_room_for_a_bitmap_and_takes_none_itself() -> None:
    assert tuple_sizes([], has_nulls=True) == {16: 1.0}
    assert tuple_sizes([INTEGER], has_nulls=False) == {16: 1.0}
    assert tuple_sizes([INTEGER], has_nulls=True) == {24: 1.0}


def test_columns_are_aligned_in_their_order() -> None:
    flag, number = KeyColumn(1, 1, 1), KeyColumn(8, 8, 8)
    assert tuple_sizes([flag, number], has_nulls=False) == {24: 1.0}
    assert tuple_sizes([number, flag], has_nulls=False) == {24: 1.0}
    assert tuple_sizes([flag, number, flag], has_nulls=False) == {32: 1.0}


@pytest.mark.parametrize(("width", "size"), [(120, 128), (121, 136)])
def test_short_texts_are_not_aligned(width: int, size: int) -> None:
    text = KeyColumn(-1, 4, width, residues=tuple(float(r == width % 8) for r in range(8)))
    assert tuple_sizes([text], has_nulls=False) == {size: 1.0}


def test_a_column_of_few_nulls_and_one_of_many_make_as_many_keys_as_there_are() -> None:
    """What others' estimates miss: a row without the second value is one of few keys, not one of its own."""
    first = replace(INTEGER, distinct=10, frequencies=(0.1,) * 10)
    second = replace(INTEGER, distinct=_ROWS * 0.1, null_fraction=0.9)
    both = built_pages(_tree(first, second))
    alone = 0.1 * built_pages(_tree(INTEGER, deduplicates=False))
    assert both < 0.5 * built_pages(_tree(first, replace(INTEGER, distinct=_ROWS)))
    assert both > alone


def test_a_key_that_a_unique_column_is_part_of_is_unique() -> None:
    status = replace(INTEGER, distinct=5, frequencies=(0.2,) * 5)
    pair = built_pages(_tree(INTEGER, status))
    assert pair == built_pages(_tree(INTEGER, status, deduplicates=False))


@settings(max_examples=40, deadline=None)
@given(_keys)
def test_the_patterns_of_nulls_hold_all_rows(columns: list[KeyColumn]) -> None:
    found = list(patterns(columns, _ROWS))
    assert sum(pattern.share for pattern in found) == pytest.approx(1, abs=1e-3)
    for pattern in found:
        assert sum(pattern.sizes.values()) == pytest.approx(1)
        assert all(size % 8 == 0 and size >= 8 for size in pattern.sizes)
        assert sum(one.count * one.share for one in pattern.values) == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(_columns)
def test_a_column_has_about_the_values_that_it_is_said_to_have(column: KeyColumn) -> None:
    present = replace(column, null_fraction=0.0)
    assert prefix_distinct([present], _ROWS) == pytest.approx(column.distinct, rel=0.02, abs=1)


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 200), st.lists(st.floats(0.01, 1), min_size=8, max_size=8))
def test_lengths_are_around_the_average_and_as_often_as_their_residues(
    width: int, weights: list[float]
) -> None:
    shares = tuple(weight / sum(weights) for weight in weights)
    lengths = stored_lengths(KeyColumn(-1, 4, width, residues=shares))
    assert sum(lengths.values()) == pytest.approx(1)
    for length, share in lengths.items():
        assert abs(length - width) <= 4
        assert share == shares[length % 8]


@settings(max_examples=40, deadline=None)
@given(_keys, st.floats(10, _ROWS), st.floats(1, 3))
def test_more_rows_never_take_fewer_pages(columns: list[KeyColumn], rows: float, times: float) -> None:
    """Within the granularity of posting lists."""
    fewer, more = (built_pages(_tree(*columns, rows=count)) for count in (rows, rows * times))
    assert fewer <= more * 1.1 + 3


@settings(max_examples=40, deadline=None)
@given(_keys)
def test_deduplication_never_costs_pages(columns: list[KeyColumn]) -> None:
    plain = built_pages(_tree(*columns, deduplicates=False))
    assert built_pages(_tree(*columns)) <= plain * 1.1 + 3


@settings(max_examples=40, deadline=None)
@given(_keys, st.integers(20, 99))
def test_a_lower_fillfactor_never_saves_pages(columns: list[KeyColumn], fillfactor: int) -> None:
    full = built_pages(_tree(*columns, fillfactor=fillfactor + 1))
    assert built_pages(_tree(*columns, fillfactor=fillfactor)) >= full * 0.97 - 2


@settings(max_examples=40, deadline=None)
@given(_keys)
def test_independent_columns_have_at_most_the_product_of_their_values(columns: list[KeyColumn]) -> None:
    present = [replace(column, null_fraction=0.0) for column in columns]
    product = 1.0
    for column in present:
        product *= sum(one.count for one in joint_values([column], _ROWS))
    assert sum(one.count for one in joint_values(present, _ROWS)) <= product * 1.001


@settings(max_examples=10, deadline=None)
@given(st.lists(_columns, min_size=10, max_size=32))
def test_an_index_of_many_columns_has_an_estimate_and_soon(columns: list[KeyColumn]) -> None:
    """Two to the power of 32 combinations of nulls are not looked at one by one."""
    pages = built_pages(_tree(*columns))
    assert 2 < pages < 2 * _ROWS
