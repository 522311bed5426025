"""Rules of choosing how a table of tokens is counted, from facts that cost nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.counting import (
    APPENDED,
    INDEX_PART,
    INDEX_TURN,
    INDEX_WHOLE,
    LEAST_SAMPLE,
    MOST_BLOCKS,
    MOST_TURNS,
    SCAN_AT_ALL,
    SCAN_EVERY_MINUTE,
    TAIL_BLOCKS,
    IndexCost,
    Known,
    Leaf,
    Method,
    Moment,
    Plan,
    TimeType,
    TokenSource,
    Turn,
    choose,
    index_cost,
    leaves,
)
from exporter.counting_sql import END_RINGS
from exporter.model import Rows

SOURCE = TokenSource(
    "public.tokens", "token_type", Moment("expires_at", TimeType.TZ, "expires_at"), lifetimes={"access": 3600}
)
LARGE = Leaf("public.tokens", 250_000, 5_000_000.0)
INDEXED = replace(LARGE, leading=frozenset({"expires_at"}))


@pytest.mark.parametrize(
    ("pages", "method", "every"),
    [
        (SCAN_EVERY_MINUTE, Method.SCAN, 60),
        (SCAN_EVERY_MINUTE + 1, Method.SCAN, 600),
        (SCAN_AT_ALL, Method.SCAN, 600),
        (SCAN_AT_ALL + 1, Method.SAMPLE, 300),
    ],
)
def test_a_table_is_read_whole_only_up_to_a_size(pages: int, method: Method, every: float) -> None:
    plan = choose(SOURCE, (replace(LARGE, pages=pages),), 15)
    assert (plan.method, plan.every) == (method, every)


def test_all_partitions_together_are_what_is_small_or_large() -> None:
    half = replace(LARGE, pages=SCAN_AT_ALL // 2 + 1)
    assert choose(SOURCE, (half, half), 15).method is Method.SAMPLE


def test_the_end_of_a_table_is_read_when_rows_lie_in_the_order_of_issue() -> None:
    (in_order,) = choose(SOURCE, (replace(LARGE, correlation=APPENDED),), 15).draws
    (mixed,) = choose(SOURCE, (replace(LARGE, correlation=APPENDED - 0.01),), 15).draws
    (unknown,) = choose(SOURCE, (LARGE,), 15).draws
    assert (in_order.tail, mixed.tail, unknown.tail) == (True, False, False)


def test_only_the_last_partition_in_the_order_of_issue_has_an_end_to_read() -> None:
    ordered = replace(LARGE, correlation=1.0)
    empty = replace(ordered, pages=0, rows=0.0)
    plan = choose(SOURCE, (replace(ordered, relation="p.a"), replace(ordered, relation="p.b"), empty), 15)
    assert [draw.tail for draw in plan.draws] == [False, True, False]


def test_before_version_14_blocks_are_drawn_by_chance_and_no_end_is_read() -> None:
    old, new = (choose(SOURCE, (replace(LARGE, correlation=1.0),), major) for major in (13, 14))
    assert (old.by_tid, old.draws[0].tail) == (False, False)
    assert (new.by_tid, new.draws[0].tail) == (True, True)


def test_an_index_on_the_expiry_is_read_only_where_every_partition_has_it() -> None:
    assert choose(SOURCE, (INDEXED, INDEXED), 15).index_share > 0
    assert choose(SOURCE, (INDEXED, LARGE), 15).index_share == 0


def test_an_expiry_that_is_no_plain_column_is_not_looked_for_in_indexes() -> None:
    computed = replace(SOURCE, expires=Moment("created_at + ttl", TimeType.TZ))
    assert choose(computed, (INDEXED,), 15).index_share == 0


def test_the_whole_window_is_read_when_that_fits_the_budget_and_otherwise_a_small_part() -> None:
    def share(cost: IndexCost) -> float:
        return choose(SOURCE, (INDEXED,), 15, cost=cost).index_share

    affordable = round((INDEX_WHOLE - 50) / 1.1)
    assert share(IndexCost(9_000, affordable, 1.0)) == 1
    assert share(IndexCost(900, affordable // 10, 0.1)) == 1
    assert share(IndexCost(9_000, affordable + 2, 1.0)) == pytest.approx(INDEX_PART / INDEX_WHOLE, rel=0.01)


def test_the_first_look_into_an_index_is_the_smaller_the_more_is_expected() -> None:
    small, large, unknown = (choose(SOURCE, (INDEXED,), 15, expected=n).index_share for n in (100, 1e6, None))
    assert (small, large, unknown) == (1.0, 0.002, 0.1)


@pytest.mark.parametrize("pages", [SCAN_AT_ALL + 1, 250_000, 53_000_000])
@pytest.mark.parametrize("density", [1, 20, 120])
@pytest.mark.parametrize("cost", [None, IndexCost(10, 10, 1.0), IndexCost(9_000, 9_000, 1.0)])
def test_no_plan_touches_more_blocks_than_the_budget(
    pages: int, density: int, cost: IndexCost | None
) -> None:
    for leaf in (LARGE, INDEXED, replace(LARGE, correlation=1.0)):
        plan = choose(SOURCE, (replace(leaf, pages=pages, rows=float(pages * density)),), 15, cost=cost)
        drawn = sum(draw.blocks + TAIL_BLOCKS * draw.tail for draw in plan.draws)
        by_index = plan.index_share / cost.share * cost.blocks if cost else 0
        assert LEAST_SAMPLE <= drawn + 4 + by_index <= MOST_BLOCKS + 4


def test_the_end_of_a_table_costs_what_the_plan_reckons_with() -> None:
    assert sum(blocks for _, blocks in END_RINGS) == TAIL_BLOCKS


def test_a_table_that_was_never_analysed_is_sampled_all_the_same() -> None:
    (draw,) = choose(SOURCE, (replace(LARGE, rows=-1.0),), 15).draws
    assert draw.blocks > 0


def test_facts_are_read_in_the_order_of_the_statement() -> None:
    answer = Rows((), [("public.t", 7, 9.0, 3, None, ["expires_at"], 2)])
    assert leaves(answer) == (Leaf("public.t", 7, 9.0, 3, None, frozenset({"expires_at"}), 2),)


def test_what_an_index_cost_is_the_sum_over_its_windows() -> None:
    plan = Plan(Method.SAMPLE, "", 300.0, index_share=0.5)
    near = [("near", 0, number, 2.0, [3, 4, 5, 0], None) for number in range(2)]
    assert index_cost(Rows((), near), plan) == IndexCost(14, 10, 0.5)
    assert index_cost(Rows((), []), plan) is None


def test_what_a_turn_cost_is_for_its_share_of_the_buckets() -> None:
    plan = Plan(Method.SAMPLE, "", 300.0, index_share=0.5, turn=Turn(0, 3))
    read = [("bucket", 0, number, 1.0, [3, 4, 5, 0], None) for number in (100, 103, 106, 109)]
    assert index_cost(Rows((), read), plan) == IndexCost(28, 20, 0.4)


@pytest.mark.parametrize(
    ("blocks", "turns"),
    [(INDEX_WHOLE, 2), (2 * INDEX_TURN, 3), (MOST_TURNS * INDEX_TURN, None)],
)
def test_what_is_too_much_for_one_run_takes_turns_up_to_a_number_of_them(
    blocks: int, turns: int | None
) -> None:
    cost, known = IndexCost(9_000, blocks, 1.0), Known(4, since=60.0, lives=(3_600,))
    turn = choose(SOURCE, (INDEXED,), 15, cost=cost, known=known).turn
    assert (turn.turns if turn else None) == turns
    assert turn is None or turn == Turn(4 % turn.turns, turn.turns, 60.0, (3_600,))


def test_turns_are_for_those_who_know_what_changed_and_for_more_than_one_run_can_read() -> None:
    small, large = IndexCost(900, 900, 1.0), IndexCost(9_000, 5_000, 1.0)
    assert choose(SOURCE, (INDEXED,), 15, cost=large).turn is None
    assert choose(SOURCE, (INDEXED,), 15, cost=small, known=Known(1)).turn is None


def test_the_number_of_turns_does_not_fall_by_one_when_a_turn_was_cheap() -> None:
    cost = IndexCost(9_000, INDEX_TURN + 500, 1.0)
    for before, after in ((0, 2), (2, 2), (3, 3), (4, 2)):
        turn = choose(SOURCE, (INDEXED,), 15, cost=cost, known=Known(1, before)).turn
        assert turn is not None
        assert turn.turns == after


def test_an_index_whose_answer_was_cut_is_too_dear_to_be_read_whole_again() -> None:
    plan = Plan(Method.SAMPLE, "", 300.0, index_share=1.0)
    cost = index_cost(Rows((), [("near", 0, 0, 1.0, [100_000, 300, 1], None)]), plan)
    assert 0 < choose(SOURCE, (INDEXED,), 15, cost=cost).index_share < 0.1


def test_the_end_of_the_table_is_preferred_to_a_part_of_an_index_but_not_to_all_of_it() -> None:
    ordered = replace(INDEXED, correlation=1.0)
    dear, cheap = (choose(SOURCE, (ordered,), 15, cost=IndexCost(1, n, 1.0)) for n in (9_000, 90))
    assert (dear.index_share, dear.draws[0].tail) == (0, True)
    assert (cheap.index_share, cheap.draws[0].tail) == (1, False)
