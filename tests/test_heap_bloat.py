"""Rules of the arithmetic of rows and pages."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.derive.heap_bloat import Attribute, RowSize, pages, row_size, rows_per_page

INT, BIGINT, BOOL = Attribute(4, 4, 0.0, 4), Attribute(8, 8, 0.0, 8), Attribute(1, 1, 0.0, 1)
TEXT = Attribute(-1, 4, 0.0, 33)
HEADER = 24 + 4


def with_null(attribute: Attribute, null: float) -> Attribute:
    return Attribute(attribute.length, attribute.align, null, attribute.width, attribute.residues)


columns = st.builds(
    Attribute,
    length=st.sampled_from([1, 2, 4, 8, 16, -1]),
    align=st.sampled_from([1, 2, 4, 8]),
    null=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    width=st.integers(1, 300),
)


def test_values_are_aligned_where_they_stand_and_the_row_at_its_end() -> None:
    assert row_size([INT]).mean == HEADER + 8
    assert row_size([BOOL, BIGINT, BOOL, BIGINT]).mean == HEADER + 32
    assert row_size([BIGINT, BIGINT, BOOL, BOOL]).mean == HEADER + 24


def test_a_short_text_is_not_aligned_and_a_long_one_is() -> None:
    """127 bytes are the most that a header of one byte can tell; columns kept plain have no such header."""
    residues = tuple(float(n == 7) for n in range(8))
    short, long = (Attribute(-1, 4, 0.0, width, residues) for width in (127, 135))
    plain = Attribute(-1, 4, 0.0, 127, residues, is_packed=False)
    assert row_size([BOOL, short]).mean == HEADER + 128
    assert row_size([BOOL, long]).mean == HEADER + 4 + 135 + 5
    assert row_size([BOOL, plain]).mean == HEADER + 4 + 127 + 5


def test_rows_with_a_null_have_a_bitmap_which_costs_nothing_up_to_eight_columns() -> None:
    dropped = Attribute(4, 4, 1.0)
    assert row_size([INT] * 7 + [dropped]).mean == HEADER + 32
    assert row_size([INT] * 8 + [dropped]).mean == HEADER + 8 + 32
    assert row_size([INT] * 9).mean == HEADER + 40
    half = row_size([INT] * 8 + [with_null(INT, 0.5)])
    assert half.mean == HEADER + 0.5 * (8 + 32) + 0.5 * 40
    assert not half.is_constant


def test_text_of_one_length_is_constant_and_of_unknown_lengths_is_not() -> None:
    residues = (0.0, 1.0, *[0.0] * 6)
    known = row_size([INT, Attribute(-1, 4, 0.0, 33, residues)])
    assert known == RowSize(HEADER + 40, 0.0, is_constant=True)
    unknown = row_size([INT, TEXT])
    assert not unknown.is_constant
    assert known.mean - 4 <= unknown.mean <= known.mean + 4


def test_a_mean_that_its_residues_do_not_explain_is_a_mixture_with_values_out_of_line() -> None:
    """Texts of 21 bytes and pointers of 18, and a mean of 18 that was cut: one value of six is in line."""
    residues = tuple(float(n == 21 % 8) for n in range(8))
    mixed = Attribute(-1, 4, 0.0, 18, residues, may_be_out=True)
    assert row_size([INT, mixed]).mean == pytest.approx(HEADER + 24 + 8 / 6)
    assert not row_size([INT, mixed]).is_constant
    assert row_size([INT, Attribute(-1, 4, 0.0, 18, may_be_out=True)]) == RowSize(
        HEADER + 24, 0.0, is_constant=True
    )
    assert not row_size([INT, Attribute(-1, 4, 0.0, 18)]).is_constant


@given(st.integers(1, 127), st.integers(0, 7))
def test_shares_of_pointers_stay_shares_whatever_the_mean(width: int, residue: int) -> None:
    residues = tuple(float(n == residue) for n in range(8))
    mean = row_size([Attribute(-1, 4, 0.0, width, residues, may_be_out=True)]).mean
    assert HEADER + width <= mean <= HEADER + width + 9


@given(st.lists(columns, min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_row_is_never_smaller_than_its_values_nor_padded_by_more_than_alignment_asks(
    found: list[Attribute],
) -> None:
    size = row_size(found)
    data = sum(
        (1 - one.null) * (one.length if one.length > 0 else (one.width or 0)) for one in found if one.null < 1
    )
    assert size.mean >= HEADER + data - 1e-6
    assert size.mean <= HEADER + 8 + data + 8 * (len(found) + 1)
    assert size.variance >= 0


@given(st.lists(columns, min_size=1, max_size=8), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_the_walk_over_chances_agrees_with_rows_made_by_chance(found: list[Attribute], seed: int) -> None:
    """2,000 rows, each with values of random width around the mean where the residue is not known."""
    chance = Random(seed)  # noqa: S311 - chance that is the same every time
    rows = [_row(found, chance) for _ in range(2000)]
    size = row_size(found)
    spread = 4 * max(4.0, math.sqrt(size.variance)) / math.sqrt(len(rows))
    assert abs(sum(rows) / len(rows) - size.mean) <= spread + 0.5 * sum(one.length < 0 for one in found)


def _row(found: list[Attribute], chance: Random) -> int:
    here = [one for one in found if chance.random() >= one.null]
    bitmap = 0 if len(here) == len(found) else (len(found) + 7) // 8
    offset = 0
    for one in here:
        width = one.length if one.length > 0 else (one.width or 0) + chance.randint(-4, 4)
        is_short = one.length < 0 and (one.width or 0) <= 127
        offset += (0 if is_short else -offset % one.align) + width
    return 4 + -(-(23 + bitmap) // 8) * 8 + -(-offset // 8) * 8


@pytest.mark.parametrize(
    ("mean", "fillfactor", "expected"), [(36, 100, 226), (36, 70, 158), (28, 100, 291), (8168, 100, 1)]
)
def test_rows_of_one_size_fill_a_page_by_whole_numbers(mean: float, fillfactor: int, expected: int) -> None:
    """A fill factor of 70 keeps 8192 * 30 / 100 bytes; 291 rows are the most that a page has room for."""
    assert rows_per_page(RowSize(mean, 0.0, is_constant=True), 8192, fillfactor) == expected


def test_rows_of_varying_size_leave_room_for_half_a_row_and_more_the_more_they_vary() -> None:
    even = rows_per_page(RowSize(100, 0.0, is_constant=False), 8192, 100)
    assert even == pytest.approx((8168 - 50) / 100)
    assert rows_per_page(RowSize(100, 90_000.0, is_constant=False), 8192, 100) < even
    assert rows_per_page(RowSize(9000, 0.0, is_constant=False), 8192, 100) == 1


@given(st.integers(100, 1500), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_room_that_varying_rows_leave_is_what_filling_pages_leaves(mean: int, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - chance that is the same every time
    sizes = [chance.randint(mean // 2, mean + mean // 2) for _ in range(20_000)]
    count, free = 1, 8168
    for size in sizes:
        if size > free:
            count, free = count + 1, 8168
        free -= size
    average = sum(sizes) / len(sizes)
    variance = sum((size - average) ** 2 for size in sizes) / len(sizes)
    per_page = rows_per_page(RowSize(average, variance, is_constant=False), 8192, 100)
    assert pages(len(sizes), per_page) == pytest.approx(count, rel=0.03)


def test_no_rows_need_no_page_and_one_row_needs_one() -> None:
    assert [pages(rows, 226) for rows in (0, 1, 226, 227)] == [0, 1, 1, 2]
