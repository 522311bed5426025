"""In which order rows stand when what they gained of late decides."""

from __future__ import annotations

import pytest

from exporter.derive.busiest import HALF_LIFE, busiest
from exporter.model import Rows

COLUMNS = ("name", "pace", "calls")


def order(paces: dict[str, float | None], state: object = None, now: float = 0.0) -> tuple[str, object]:
    rows = [(name, pace, 1) for name, pace in paces.items()]
    found, after = busiest(Rows(COLUMNS, rows), state, now)
    assert found.columns == ("name", "calls")
    return "".join(str(name) for name, _ in found.rows), after


def test_the_first_look_goes_by_the_counters_themselves() -> None:
    assert order({"a": 5.0, "b": 9.0, "c": 7.0})[0] == "bca"


def test_who_gained_most_comes_first_and_then_who_has_most() -> None:
    _, state = order({"a": 500.0, "b": 90.0, "c": 70.0})
    assert order({"a": 500.0, "b": 91.0, "c": 73.0}, state)[0] == "cba"


def test_who_is_new_gained_all_it_has_and_who_began_again_what_it_has_now() -> None:
    _, state = order({"a": 500.0, "b": 90.0})
    assert order({"a": 503.0, "b": 2.0, "c": 4.0}, state)[0] == "cab"


@pytest.mark.parametrize(("later", "first"), [(HALF_LIFE * 0.9, "a"), (HALF_LIFE * 1.1, "b")])
def test_a_gain_counts_half_after_a_while(later: float, first: str) -> None:
    _, state = order({"a": 0.0, "b": 0.0})
    _, state = order({"a": 10.0, "b": 0.0}, state, 0)
    assert order({"a": 10.0, "b": 5.0}, state, later)[0][0] == first


def test_a_clock_that_is_set_back_makes_no_gain_larger() -> None:
    _, state = order({"a": 0.0, "b": 0.0}, None, 1e6)
    _, state = order({"a": 10.0, "b": 0.0}, state, 1e6)
    assert order({"a": 10.0, "b": 11.0}, state, 0)[0] == "ba"


def test_a_row_without_a_number_or_a_name_is_kept() -> None:
    rows = [(None, None, 7), ("a", 1.0, 1)]
    found, _ = busiest(Rows(COLUMNS, rows), None, 0)
    assert list(found.rows) == [("a", 1), (None, 7)]
