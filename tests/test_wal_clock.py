"""Rules of reading the WAL as a clock: how late somebody is who is known to be some bytes behind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.derive.wal_clock import INPUTS, MOST, Clock, wal_clock
from exporter.model import Rows

_COLUMNS = ("name", *INPUTS, "lag_bytes")


def look(
    state: object | None,
    now: float,
    head: int | None,
    position: int | None,
    measured: float | None = None,
    at_most: float | None = None,
) -> tuple[object, object | None]:
    row = ("a", now, head, position, measured, at_most, 7)
    derived, state = wal_clock(Rows(_COLUMNS, [row]), state, 0.0)
    [(name, lag_bytes, lag)] = derived.rows
    assert derived.columns == ("name", "lag_bytes", "lag_seconds")
    assert (name, lag_bytes) == ("a", 7)
    return lag, state


def lags(looks: Sequence[tuple[float, int | None, int]]) -> list[object]:
    """Return the lag at each look: a time, the end of the WAL, and a position."""
    state: object | None = None
    found = []
    for now, head, position in looks:
        lag, state = look(state, now, head, position)
        found.append(lag)
    return found


def test_who_has_all_there_is_is_not_late_however_long_nothing_comes() -> None:
    assert lags([(0, 100, 100), (3600, 100, 100), (7200, 100, 101)]) == [0.0, 0.0, 0.0]


def test_who_stops_is_late_by_the_time_since() -> None:
    """An idle hour before does not count, nor does the even way between two looks."""
    assert lags([(0, 100, 100), (3600, 100, 100), (3615, 200, 100), (3630, 900, 100)]) == [
        0.0,
        0.0,
        15.0,
        30.0,
    ]


def test_who_follows_at_a_distance_is_late_by_that_distance() -> None:
    """1000 bytes a second, 2000 behind."""
    looks = [(15 * turn, 15_000 * turn, 15_000 * turn - 2_000) for turn in range(1, 6)]
    assert lags(looks)[1:] == [pytest.approx(2.0)] * 4


def test_without_contact_the_lag_grows_from_the_last_contact_on() -> None:
    assert lags([(0, 100, 100), (15, None, 100), (30, None, 100), (45, 300, 300)]) == [0.0, 15, 30, 0.0]


def test_what_was_received_before_contact_was_lost_is_still_a_clock_for_what_is_replayed() -> None:
    assert lags([(0, 100, 100), (15, 400, 100), (30, None, 250)]) == [0.0, 15.0, 22.5]


def test_before_the_first_mark_nothing_is_known() -> None:
    assert lags([(0, 500, 100), (15, 500, 100), (30, 500, 500), (45, 600, 500)]) == [None, None, 0.0, 15]


def test_an_upper_bound_is_believed_where_the_clock_says_more_or_nothing() -> None:
    lag, state = look(None, 0, 500, 100, at_most=9.0)
    assert lag == 9.0
    _, state = look(state, 15, 500, 500, at_most=9.0)
    lag, state = look(state, 30, 600, 500, at_most=2.0)
    assert lag == 2.0
    lag, _ = look(state, 45, 600, 500, at_most=99.0)
    assert lag == 30.0


def test_what_the_server_measured_is_believed_only_while_the_position_moves() -> None:
    _, state = look(None, 0, 100, 100, measured=0.1)
    lag, state = look(state, 15, 300, 200, measured=0.1)
    assert lag == 0.1
    lag, state = look(state, 30, 300, 200, measured=0.1)
    assert lag == 22.5
    lag, _ = look(None, 30, 300, 200, measured=0.1)
    assert lag is None


def test_an_end_that_goes_back_is_of_another_history() -> None:
    """A standby that was turned to a server of less WAL: the old marks say nothing about the new one."""
    assert lags([(0, 900, 900), (15, 300, 200), (30, 300, 300)]) == [0.0, None, 0.0]


def test_a_row_without_a_position_has_no_lag_and_leaves_the_clock_alone() -> None:
    _, state = look(None, 0, 100, 100)
    lag, state = look(state, 15, None, None)
    assert lag is None
    assert isinstance(state, Clock)
    assert [mark.head for mark in state.marks] == [100]


def test_a_clock_set_back_makes_nobody_early() -> None:
    assert lags([(100, 100, 100), (40, 200, 100)]) == [0.0, 0.0]


def test_rows_are_told_apart_by_the_columns_before_the_inputs() -> None:
    first = [("a", 0, 100, 100, None, None, 0), ("b", 0, 100, 50, None, None, 0)]
    second = [("a", 15, 200, 100, 0.5, None, 0), ("b", 15, 200, 100, 0.5, None, 0)]
    _, state = wal_clock(Rows(_COLUMNS, first), None, 0.0)
    derived, _ = wal_clock(Rows(_COLUMNS, second), state, 0.0)
    assert [row[-1] for row in derived.rows] == [15.0, 0.5]


def test_an_answer_without_rows_keeps_the_clock() -> None:
    _, state = look(None, 0, 100, 100)
    derived, state = wal_clock(Rows(_COLUMNS, []), state, 0.0)
    assert derived.columns == ("name", "lag_bytes", "lag_seconds")
    lag, _ = look(state, 15, None, 100)
    assert lag == 15


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 10_000)), min_size=2, max_size=30))
def test_whoever_stopped_at_a_look_is_late_by_the_time_since_the_wal_last_ended_there(
    steps: Sequence[tuple[int, int]],
) -> None:
    """Whatever the load is: from the last look at which there was nothing more, to now."""
    times = list(accumulate(seconds for seconds, _ in steps))
    heads = list(accumulate(size for _, size in steps))
    stopped = heads[0]
    since = max(at for at, head in zip(times, heads, strict=True) if head == stopped)
    expected = 0.0 if heads[-1] == stopped else times[-1] - since
    assert lags([(at, head, stopped) for at, head in zip(times, heads, strict=True)])[-1] == expected


@given(st.lists(st.integers(1, 60), min_size=1, max_size=3 * MOST))
def test_what_is_remembered_is_bounded_and_who_waits_longest_is_not_forgotten(gaps: Sequence[int]) -> None:
    times = list(accumulate(gaps))
    state: object | None = None
    for turn, at in enumerate(times):
        lag, state = look(state, at, 1000 + turn, 1000)
        assert lag == at - times[0]
        assert isinstance(state, Clock)
        assert len(state.marks) <= MOST
        assert all(one.head < other.head for one, other in pairwise(state.marks))
