"""Rules of the clients that are named: the largest at once, those that were among them for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.derive.top_clients import COLUMNS, CUT, MOST, OTHER, STAY, top_clients
from exporter.model import Rows


def answer(counts: Mapping[str, int], rest: int = 0) -> Rows:
    return Rows(COLUMNS, [*counts.items(), (None, rest)])


def named(
    counts: Mapping[str, int], state: object | None = None, now: float = 0.0, rest: int = 0
) -> tuple[dict[object, object], object | None]:
    derived, state = top_clients(answer(counts, rest), state, now)
    assert derived.columns == COLUMNS
    found = {row[0]: row[1] for row in derived.rows}
    assert len(found) == len(derived.rows)
    return found, state


_COUNTS = st.dictionaries(st.integers(0, 60).map("c{}".format), st.integers(0, 9), max_size=60)


@given(st.lists(st.tuples(_COUNTS, st.integers(0, 9), st.floats(0, 2 * STAY)), max_size=8))
def test_series_sum_up_to_all_tokens_hold_the_largest_and_are_bounded(
    runs: Sequence[tuple[Mapping[str, int], int, float]],
) -> None:
    state, now = None, 0.0
    for counts, rest, pause in runs:
        now += pause
        found, state = named(counts, state, now, rest)
        numbers = [number for number in found.values() if isinstance(number, int)]
        assert sum(numbers) == sum(counts.values()) + rest
        assert set(sorted(counts, key=lambda name: (-counts[name], name))[:MOST]) <= set(found)
        assert all(found[name] == counts.get(str(name), 0) for name in set(found) - {OTHER})
        assert len(found) <= 2 * MOST + 1


def test_only_the_largest_have_a_series_at_first() -> None:
    counts = {f"c{n:02}": n for n in range(1, 31)}
    found, _ = named(counts, rest=7)
    assert found == {f"c{n:02}": n for n in range(11, 31)} | {OTHER: sum(range(1, 11)) + 7}


@pytest.mark.parametrize(("later", "there"), [(STAY - 1, True), (STAY, False)])
def test_who_falls_out_of_the_largest_stays_for_an_hour(later: float, *, there: bool) -> None:
    _, state = named({"a": 1})
    bigger = {f"b{n}": 5 for n in range(MOST)}
    found, _ = named(bigger | {"a": 1}, state, later)
    assert ("a" in found) is there
    assert found[OTHER] == (0 if there else 1)


def test_a_client_whose_last_token_is_gone_is_0_for_a_while() -> None:
    _, state = named({"a": 1, "b": 2})
    assert named({"b": 2}, state, 60.0)[0] == {"b": 2, "a": 0, OTHER: 0}


def test_each_run_among_the_largest_begins_the_hour_again() -> None:
    _, state = named({"a": 1})
    _, state = named({"a": 1}, state, STAY - 1)
    assert "a" in named({}, state, 2 * STAY - 2)[0]


def test_of_those_that_fell_out_the_latest_stay() -> None:
    state = None
    for run in range(4):
        _, state = named({f"r{run}-{n:02}": 1 for n in range(MOST)}, state, 60.0 * run)
    found, _ = named({"new": 1}, state, 240.0)
    assert set(found) == {"new", OTHER} | {f"r3-{n:02}" for n in range(MOST)}


def test_a_clock_set_back_keeps_nobody_for_longer_than_an_hour() -> None:
    _, state = named({"a": 1}, None, 10 * STAY)
    _, state = named({}, state, 0.0)
    assert "a" in named({}, state, STAY - 1)[0]
    assert "a" not in named({}, state, STAY)[0]


def test_nothing_is_said_of_somebody_whom_the_query_cut_off() -> None:
    """A client that stays at 0 would be a lie when its tokens are among the rest."""
    _, state = named({"a": 1})
    crowd = {f"b{n}": 2 for n in range(CUT)}
    assert "a" not in named(crowd, state, 60.0, rest=1)[0]


def test_a_client_of_the_name_of_the_rest_is_part_of_the_rest() -> None:
    assert named({OTHER: 3, "a": 1})[0] == {"a": 1, OTHER: 3}


def test_no_client_at_all_is_0_of_the_rest_and_an_answer_without_a_row_is_nothing() -> None:
    assert named({})[0] == {OTHER: 0}
    assert top_clients(Rows(COLUMNS, []), {"a": 1.0}, 2.0)[0].rows == ()
