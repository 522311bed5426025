"""Rules of estimating a table from some of its blocks, tried on tables that are known in full."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from operator import itemgetter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.derive.strata import Drawn, Estimate, quantile, ratio, strata, total

_FIRST = itemgetter(0)
_TABLES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=80)


def _drawn(table: Sequence[Sequence[int]], number: int, start: float) -> list[Drawn]:
    """Draw blocks at equal distances from a start within the first distance, as the statement does."""
    step = len(table) / number
    places = [int((each + start) * step) for each in range(number)]
    return [Drawn(0, place, step, table[place]) for place in places]


def _population(seed: int, blocks: int = 4_001) -> list[tuple[int, int]]:
    """Make a table of which one class drifts from none to all and another is rare and comes in clusters."""
    chance = Random(seed)  # noqa: S311 - chance that is the same every time
    table = []
    clustered = False
    for block in range(blocks):
        clustered = chance.random() < (0.7 if clustered else 0.05)
        drifting = sum(chance.random() < block / blocks for _ in range(20))
        table.append((drifting, sum(chance.random() < 0.3 * clustered for _ in range(20))))
    return table


@given(_TABLES)
def test_an_estimate_from_all_blocks_is_the_sum_with_no_error(table: list[tuple[int, int]]) -> None:
    for column in (0, 1):
        found = total(strata(_drawn(table, len(table), 0.5)), itemgetter(column))
        assert found.value == sum(map(itemgetter(column), table))
        assert found.half_width == 0


@given(_TABLES, st.integers(1, 80), st.floats(0, 0.999))
def test_estimates_of_parts_add_up_to_the_estimate_of_the_whole(
    table: list[tuple[int, int]], number: int, start: float
) -> None:
    groups = strata(_drawn(table, min(number, len(table)), start))
    parts = sum(total(groups, itemgetter(column)).value for column in (0, 1))
    assert total(groups, sum).value == pytest.approx(parts)


@given(_TABLES, st.integers(1, 80))
def test_every_drawn_block_is_in_one_stratum_that_has_a_neighbour_if_there_is_one(
    table: list[tuple[int, int]], number: int
) -> None:
    drawn = _drawn(table, min(number, len(table)), 0.5)
    groups = strata(drawn)
    assert sorted(block.place for group in groups for block in group) == [block.place for block in drawn]
    assert all(len(group) > 1 for group in groups) or len(drawn) == 1


@pytest.mark.parametrize("column", [0, 1], ids=["drifting", "clustered"])
def test_estimates_are_right_on_average_and_their_intervals_hold_the_truth(column: int) -> None:
    table = _population(1)
    truth = sum(map(itemgetter(column), table))
    chance = Random(2)  # noqa: S311 - the same
    found = [total(strata(_drawn(table, 250, chance.random())), itemgetter(column)) for _ in range(200)]
    mean = statistics.mean(each.value for each in found)
    assert mean == pytest.approx(truth, rel=0.02)
    held = statistics.mean(abs(each.value - truth) <= each.half_width for each in found)
    assert held >= 0.9


def test_the_interval_of_blocks_drawn_by_chance_counts_those_that_left_no_trace() -> None:
    table = [(20,) if block % 3 else (0,) for block in range(3_000)]
    chance = Random(3)  # noqa: S311 - the same
    held = []
    for _run in range(200):
        drawn = [Drawn(0, place, 10.0, row) for place, row in enumerate(table) if chance.random() < 0.1]
        found = total([(block,) for block in drawn if block.counts[0]], _FIRST)
        held.append(abs(found.value - 40_000) <= found.half_width)
    assert statistics.mean(held) >= 0.9


def test_the_interval_narrows_with_the_square_root_of_the_blocks() -> None:
    table = _population(4, 40_001)
    few, many = (total(strata(_drawn(table, number, 0.3)), _FIRST).half_width for number in (400, 3_600))
    assert few / many == pytest.approx(3, rel=0.25)


def test_a_drift_over_the_table_adds_nothing_to_the_error() -> None:
    table = [(block // 40,) for block in range(4_000)]
    found = total(strata(_drawn(table, 200, 0.5)), _FIRST)
    assert found.half_width < 0.01 * found.value


def test_what_no_drawn_block_holds_is_bounded_not_denied() -> None:
    nothing = total(strata(_drawn([(0,)] * 1_000, 100, 0.5)), _FIRST)
    assert nothing.value == 0
    assert 3 * 10 <= nothing.half_width <= 4 * 10
    assert total(strata(_drawn([(0,)] * 100, 100, 0.5)), _FIRST).half_width == 0


def test_rings_of_one_table_are_estimated_apart() -> None:
    whole = [Drawn(1, place, 1.0, (5,)) for place in range(10)]
    sampled = [Drawn(0, place, 10.0, (1,)) for place in range(10)]
    found = total(strata(whole + sampled), _FIRST)
    assert (found.value, found.variance) == (150, 0)


def test_a_ratio_has_no_error_where_the_part_is_a_fixed_share_of_each_block() -> None:
    drawn = [Drawn(0, place, 10.0, (place % 7 * 4, place % 7 * 5)) for place in range(50)]
    found = ratio(strata(drawn), _FIRST, itemgetter(1))
    assert found is not None
    assert found.value == pytest.approx(0.8)
    assert found.variance == pytest.approx(0, abs=1e-9)


def test_there_is_no_ratio_to_nothing() -> None:
    assert ratio(strata([Drawn(0, 1, 10.0, (0, 0))]), _FIRST, itemgetter(1)) is None


def test_independent_estimates_add_with_their_variances() -> None:
    both = Estimate(3, 4.0, 1, 10) + Estimate(5, 9.0, 2, 10)
    assert (both.value, both.variance, both.carriers) == (8, 13, 3)
    assert 10 < both.freedom < 20
    assert Estimate(1) + Estimate(2) == Estimate(3)


@pytest.mark.parametrize(
    ("freedom", "expected"), [(3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1e9, 1.960)]
)
def test_the_quantile_is_that_of_the_tables(freedom: float, expected: float) -> None:
    assert quantile(freedom) == pytest.approx(expected, rel=0.015)
