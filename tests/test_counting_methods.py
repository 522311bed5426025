"""Rules of which way of counting is believed, on answers made by hand."""

from __future__ import annotations

from typing import cast

import pytest

from exporter.derive import Derivation
from exporter.derive.token_counts import COLUMNS, token_counts
from exporter.model import Rows

_HOUR = 3_600
_DERIVATION: Derivation = token_counts  # as the type checker sees it, too


def _facts(at: int, inserted: int, *, standby: bool = False, lifetime: int = _HOUR) -> tuple[object, ...]:
    return ("facts", 0, at, 1.0, [inserted, 0, 0, int(standby), _HOUR, 0, lifetime], ["access"])


def _block(
    place: int, live: int, *, expired: int = 10, ring: int = 0, weight: float = 100.0, life: int = 0
) -> tuple[object, ...]:
    """A block where all live tokens are fresh, and as many fresh ones expired as there are expired ones."""
    fresh = live + expired
    return ("block", ring, place, weight, [0, 0, expired, live, 0, fresh, life, fresh], None)


def _rows(*rows: tuple[object, ...]) -> Rows:
    return Rows(COLUMNS, rows)


def _active(rows: Rows, previous: object | None = None) -> tuple[float, float, str, object | None]:
    derived, memory = _DERIVATION(rows, previous, 0.0)
    for _kind, state, count, half_width, method in derived.rows:
        if state == "active":
            return cast("float", count), cast("float", half_width), cast("str", method), memory
    raise AssertionError("no active tokens")


def _past(inserted: int = 100_000) -> object | None:
    return _active(_rows(_facts(0, inserted), *(_block(place, 0) for place in range(100))))[3]


def test_arrivals_are_believed_where_too_few_blocks_hold_live_tokens() -> None:
    blocks = [_block(place, 0) for place in range(100)]
    count, half_width, method, _ = _active(_rows(_facts(_HOUR, 105_000), *blocks), _past())
    assert (count, method) == (5_000, "rate")
    assert 100 < half_width < 700


def test_a_sample_that_contradicts_arrivals_is_believed_because_rows_are_moved_in_bulk() -> None:
    blocks = [_block(place, place % 3) for place in range(300)]
    count, _, method, _ = _active(_rows(_facts(_HOUR, 5_000_000), *blocks), _past())
    assert (round(count), method) == (30_000, "sample")


def test_a_sample_and_arrivals_that_agree_are_combined() -> None:
    blocks = [_block(place, place % 3) for place in range(300)]
    count, half_width, method, _ = _active(_rows(_facts(_HOUR, 131_000), *blocks), _past())
    _, alone, sampled, _ = _active(_rows(_facts(_HOUR, 131_000), *blocks))
    assert 30_000 < count < 31_000
    assert (method, sampled) == ("rate", "sample")
    assert half_width < alone


def test_a_standby_has_no_arrivals() -> None:
    blocks = [_block(place, 0) for place in range(100)]
    assert _active(_rows(_facts(_HOUR, 105_000, standby=True), *blocks), _past())[2] == "sample"


def test_arrivals_say_nothing_about_tokens_that_live_for_days_or_nobody_knows_how_long() -> None:
    blocks = [_block(place, 0) for place in range(100)]
    for lifetime in (30 * 86_400, 0):
        rows = _rows(_facts(_HOUR, 105_000, lifetime=lifetime), *blocks)
        assert _active(rows, _past())[2] == "sample"


def test_a_live_token_far_from_the_end_means_that_the_end_does_not_hold_them_all() -> None:
    end = [_block(10_000 + place, 5, ring=1, weight=1.0) for place in range(20)]
    bulk = [_block(place, 0) for place in range(99)]
    assert _active(_rows(_facts(0, 0), *bulk, *end))[:3] == (100, 0, "tail")
    count, half_width, method, _ = _active(_rows(_facts(0, 0), *bulk, _block(99, 1), *end))
    assert (count, method) == (200, "sample")
    assert half_width > 100


def test_no_live_token_at_the_end_nor_before_it_is_none_at_all() -> None:
    end = [_block(10_000 + place, 0, ring=1, weight=1.0) for place in range(20)]
    assert _active(_rows(_facts(0, 0), _block(1, 0), _block(2, 0), *end))[:3] == (0, 0, "tail")


def test_what_an_index_answered_is_not_used_when_it_was_cut() -> None:
    blocks = [_block(place, 1) for place in range(100)]
    whole = ("near", 0, 0, 1.0, [9_990, 500, 0], None)
    cut = ("near", 0, 0, 1.0, [100_000, 500, 1], None)
    assert _active(_rows(_facts(0, 0), *blocks, whole))[:3] == (9_990, 0, "index")
    assert _active(_rows(_facts(0, 0), *blocks, cut))[0::2][:2] == (10_000, "sample")


def test_an_index_is_exact_only_for_a_kind_that_is_known_to_live_no_longer_than_the_window() -> None:
    near = ("near", 0, 0, 1.0, [9_990, 500, 0], None)
    blocks = [_block(place, 0) for place in range(100)]
    _, known, _, _ = _active(_rows(_facts(0, 0), *blocks, near))
    _, unknown, _, _ = _active(_rows(_facts(0, 0, lifetime=0), *blocks, near))
    assert known == 0 < unknown


def test_arrivals_go_by_the_longest_life_that_was_seen_where_none_was_configured() -> None:
    blocks = [_block(place, 0, life=_HOUR if place else 0) for place in range(100)]
    count, _, method, _ = _active(_rows(_facts(_HOUR, 105_000, lifetime=0), *blocks), _past())
    assert (count, method) == (5_000, "rate")
    longer = [*blocks, _block(100, 0, life=30 * 86_400)]
    assert _active(_rows(_facts(_HOUR, 105_000, lifetime=0), *longer), _past())[2] == "sample"


def test_a_life_that_was_configured_goes_before_one_that_was_seen() -> None:
    blocks = [_block(place, 0, life=30 * 86_400) for place in range(100)]
    assert _active(_rows(_facts(_HOUR, 105_000), *blocks), _past())[2] == "rate"


def test_draws_are_counted_until_the_counters_of_changes_are_lost() -> None:
    def draws(at: int, inserted: int, previous: object | None = None, *, standby: bool = False) -> object:
        facts = _facts(at, inserted, standby=standby)
        return _active(_rows(facts, *(_block(place, 1) for place in range(100))), previous)[3]

    first = draws(0, 500)
    second = draws(60, 510, first)
    found = [
        getattr(memory, "draws", "")
        for memory in (first, second, draws(120, 10, second), draws(120, 510, second, standby=True))
    ]
    assert found == [1, 2, 1, None]


@pytest.mark.parametrize("part", ["block", "chance"])
def test_all_states_sum_up_to_the_rows_of_the_drawn_blocks(part: str) -> None:
    blocks = [(part, 0, place, 10.0, [1, 2, 3, 4, 5, 0, 0, 0], None) for place in range(40)]
    facts = ("facts", 0, 0, 1.0, [0, 0, 0, 0, _HOUR, 1, 0], ["access"])
    derived, _ = token_counts(_rows(facts, *blocks), None, 0.0)
    assert sum(cast("float", row[2]) for row in derived.rows) == pytest.approx(40 * 10 * 15)
