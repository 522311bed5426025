"""Rules of counters kept over a window, and that they are exact for any stream of rows that comes in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.derive.window_counter import REMEMBERED, window_counter
from exporter.model import Rows

_COLUMNS = ("kind", "window_start", "bucket", "events")
_WINDOW, _BUCKET, _DAY = 600, 10, 86400
_START = 1_000_000


def answer(now: int, issued: Iterable[int], kind: str = "access") -> Rows:
    """Answer as the server does at `now`, with rows of these times of issue."""
    start = (now - _WINDOW) // _BUCKET * _BUCKET
    counts = Counter(at // _BUCKET * _BUCKET for at in issued if at <= now + _DAY)
    found = [(kind, start, bucket, events) for bucket, events in counts.items() if bucket >= start]
    return Rows(_COLUMNS, [*found, (kind, start, None, 0)])


def look(rows: Rows, state: object | None) -> tuple[dict[object, object], object | None]:
    derived, state = window_counter(rows, state, 0.0)
    assert derived.columns == ("kind", "total")
    return {row[0]: row[1] for row in derived.rows}, state


def totals(looks: Iterable[Rows]) -> list[object]:
    """Return the counter after each look."""
    state: object | None = None
    found = []
    for rows in looks:
        values, state = look(rows, state)
        found.append(values.get("access"))
    return found


_GAPS = st.lists(st.integers(1, 540), min_size=1, max_size=12)
# When a row is issued after the start, and how much later it is committed.
_EVENTS = st.lists(st.tuples(st.integers(-900, 5000), st.integers(0, 60)), max_size=60)


@given(_GAPS, _EVENTS, st.integers(_WINDOW, 3 * _WINDOW))
def test_looking_every_9_minutes_is_exact_with_late_commits_and_purges(
    gaps: Sequence[int], events: Sequence[tuple[int, int]], retention: int
) -> None:
    """Rows up to a minute late count, and a purge of rows that left the window takes nothing away."""
    polls = list(accumulate(gaps, initial=_START))
    rows = [(_START + issued, _START + issued + late) for issued, late in events]
    looks = [answer(now, [i for i, done in rows if done <= now and i > now - retention]) for now in polls]
    counted = totals(looks)
    assert counted == [sum(_START < done <= now for _, done in rows) for now in polls]


@given(
    _GAPS,
    st.lists(
        st.tuples(
            st.integers(0, 5000),
            st.integers(0, 3000),
            st.integers(0, 5000),  # issued, late, deleted after
        ),
        max_size=60,
    ),
)
def test_whatever_is_late_or_deleted_the_counter_neither_falls_nor_exceeds_what_came(
    gaps: Sequence[int], events: Sequence[tuple[int, int, int]]
) -> None:
    polls = list(accumulate(gaps, initial=_START))
    rows = [(_START + i, _START + i + late, _START + i + late + stays) for i, late, stays in events]
    looks = [answer(now, [i for i, done, gone in rows if done <= now < gone]) for now in polls]
    counted = [value for value in totals(looks) if isinstance(value, int)]
    assert len(counted) == len(polls)
    assert all(low <= high for low, high in pairwise(counted))
    assert counted[-1] <= sum(_START < done <= polls[-1] for _, done, _ in rows)


@given(st.lists(st.tuples(st.integers(10, 500), st.integers(0, 5), st.integers(-9000, 9000)), max_size=12))
def test_a_step_of_the_servers_clock_costs_at_most_what_came_between_two_looks(
    intervals: Sequence[tuple[int, int, int]],
) -> None:
    """Each interval has a length, rows issued in its middle, and at its end a step; an even one is none."""
    rows: list[int] = []
    clock, came, sure = _START, 0, 0
    looks = [answer(clock, rows)]
    for length, many, step in intervals:
        stepped = step if step % 2 else 0
        rows += [clock + length // 2] * many
        clock += length + stepped
        looks.append(answer(clock, rows))
        came += many
        sure += 0 if stepped else many
    counted = totals(looks)[-1]
    assert isinstance(counted, int)
    assert sure <= counted <= came


def test_the_first_look_counts_nothing_old() -> None:
    assert totals([answer(_START, [_START - 5, _START])]) == [0]


def test_a_row_counts_in_the_bucket_that_is_still_open() -> None:
    assert totals([answer(_START, []), answer(_START + 1, [_START + 1])]) == [0, 1]


@pytest.mark.parametrize(("late", "counted"), [(599, 1), (611, 0)])
def test_a_late_row_counts_as_long_as_its_bucket_is_in_the_window(late: int, counted: int) -> None:
    seen = [answer(_START, []), answer(_START + 300, []), answer(_START + late, [_START])]
    assert totals(seen)[-1] == counted


def test_a_row_from_the_future_counts_once() -> None:
    """A writer whose clock is ahead by five hours: at once, and not again when that time comes."""
    row = _START + 1 + 5 * 3600
    seen = [answer(now, [row]) for now in range(_START + 60, row + 1200, 540)]
    assert totals([answer(_START, []), *seen])[-1] == 1


def test_a_clock_that_goes_back_does_not_count_again_what_is_remembered() -> None:
    rows = [_START + second for second in range(1, 500)]
    back = _START + 520 - (REMEMBERED - 700)
    seen = [answer(_START, []), answer(_START + 520, rows), answer(back, rows), answer(_START + 580, rows)]
    assert totals(seen) == [0, 499, 499, 499]


def test_a_kind_that_appears_later_counts_from_its_first_row_and_stays() -> None:
    _, state = look(answer(_START, []), None)
    found, state = look(answer(_START + 5, [_START + 5], "offline"), state)
    assert found == {"access": 0, "offline": 1}
    found, _ = look(answer(_START + 5000, []), state)
    assert found == {"access": 0, "offline": 1}


def test_an_answer_without_rows_shows_nothing_and_forgets_nothing() -> None:
    """As of a store that does not hold the time; after a restart the counter begins at 0 again."""
    assert look(Rows(_COLUMNS, []), None) == ({}, None)
    _, state = look(answer(_START, []), None)
    found, state = look(answer(_START + 9, [_START + 9]), state)
    assert look(Rows(_COLUMNS, []), state) == (found, state)
    assert look(answer(_START + 9, [_START + 9]), None)[0] == {"access": 0}


def test_memory_does_not_grow_with_time() -> None:
    state: object | None = None
    for now in range(_START, _START + 20 * 3600, 60):
        _, state = look(answer(now, range(now - 600, now, 5)), state)
    assert len(repr(state)) < 60 * (REMEMBERED + _WINDOW) / _BUCKET


def test_rows_from_before_the_first_look_do_not_count_when_the_clock_goes_back_to_them() -> None:
    old = [_START - 1000, _START - 900]
    assert totals([answer(_START, old), answer(_START - 500, old), answer(_START, old)]) == [0, 0, 0]


def test_what_is_issued_after_the_clock_went_back_counts_from_the_second_look_on() -> None:
    back = _START - 9000
    seen = [answer(_START, []), answer(back, []), answer(back + 60, [back + 30])]
    assert totals(seen) == [0, 0, 1]


def test_rows_deleted_between_two_looks_neither_lower_the_counter_nor_hide_the_next() -> None:
    looks = [[], [_START] * 3, [_START], [_START] * 3, [], [_START] * 2]
    seen = [answer(_START + 60 * number, rows) for number, rows in enumerate(looks)]
    assert totals(seen) == [0, 3, 3, 5, 5, 7]
