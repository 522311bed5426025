"""Rules of live tokens that an index tells of in turns, bucket by bucket of their expiry."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from exporter.derive.strata import Drawn
from exporter.derive.token_near import FILLING, FIRST, LAST, TURN, Buckets, near, seen


def _read(places: Iterable[int], tokens: int = 10, first: int = 100, last: int = 160) -> list[Drawn]:
    """Return buckets as the statement does: those of a turn, and always the first and the last."""
    rings = {first: FIRST, last: LAST}
    return [
        Drawn(rings.get(place, TURN), place, 1.0, (tokens, 2 * tokens, 5, 0))
        for place in sorted({first, last, *places})
    ]


def test_buckets_of_several_turns_add_up_to_all() -> None:
    buckets = seen(Buckets(), _read(range(101, 160, 2)), 0)
    half = near(buckets, 0, 0)
    assert half.value == pytest.approx(610)
    buckets = seen(buckets, _read(range(102, 160, 2)), 0)
    assert (near(buckets, 0, 0).value, near(buckets, 0, 0).half_width) == (610, 0)
    assert near(buckets, 1, 0).value == 1_220


def test_buckets_that_were_not_read_are_like_those_that_were_and_the_interval_says_so() -> None:
    mixed = [
        Drawn(each.ring, each.place, 1.0, (each.place % 4, 0, 1, 0)) for each in _read(range(101, 160, 2))
    ]
    found = near(seen(Buckets(), mixed, 0), 0, 0)
    assert found.half_width > 5
    assert abs(found.value - sum(place % 4 for place in range(100, 161))) < found.half_width + 30


def test_buckets_that_passed_are_forgotten_and_the_one_that_was_filling_is_not_trusted() -> None:
    before = seen(Buckets(), _read(range(100, 161)), 0)
    after = seen(before, _read([], first=105, last=165), 0)
    assert set(after.known) == {105, *range(106, 160), 165}


def test_without_a_second_look_every_row_that_was_updated_may_have_been_a_live_token() -> None:
    buckets = seen(Buckets(), _read(range(100, 161)), 50)
    found = near(buckets, 0, 80)
    assert found.value == 610
    # A third of the tokens are of the kind, and so are at most a third of 30 rows.
    assert found.half_width == pytest.approx(10, rel=0.01)


def test_a_second_look_tells_by_how_much_buckets_change() -> None:
    before = seen(Buckets(), _read(range(100, 161)), 0)
    assert before.drift is None
    after = seen(before, _read(range(101, 160, 3), tokens=9), 60)
    assert after.drift is not None
    assert 1 < after.drift[0] < 2 < after.drift[1]
    stale = sum(1 for bucket in after.known.values() if bucket.changes == 0)
    assert near(after, 0, 60).half_width == pytest.approx(stale * after.drift[0], rel=0.01)


def test_what_did_not_change_at_a_second_look_may_have_changed_elsewhere() -> None:
    after = seen(seen(Buckets(), _read(range(100, 161)), 0), _read(range(101, 160, 3)), 60)
    assert near(after, 0, 60).value == 610
    assert 3 < near(after, 0, 60).half_width < 10


def test_buckets_that_fill_tell_nothing_of_how_much_others_change() -> None:
    before = seen(Buckets(), _read(range(100, 161)), 0)
    filling = [
        Drawn(FILLING if each.ring == TURN else each.ring, each.place, 1.0, (99, 0, 1, 0))
        for each in _read(range(101, 160))
    ]
    assert seen(before, filling, 60).drift is None
