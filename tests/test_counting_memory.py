"""Rules of what one count of tokens keeps for the next."""

from __future__ import annotations

from random import Random

import pytest

from exporter.derive.strata import Estimate
from exporter.derive.token_memory import (
    LIFETIME_HELD,
    LONGEST_PAUSE,
    SETTLED,
    Activity,
    Memory,
    blend,
    changed,
    inserted_within,
    kept,
    lived,
)


def _memory(*history: tuple[float, int]) -> Memory:
    return Memory({}, tuple(Activity(at, inserted, 0, 0) for at, inserted in history))


def test_draws_of_a_table_at_rest_average_out() -> None:
    chance = Random(1)  # noqa: S311 - chance that is the same every time
    average = None
    for _draw in range(40):
        average = blend(average, Estimate(chance.gauss(1_000, 100), 100.0**2, 50), 0)
    assert average is not None
    assert average.value == pytest.approx(1_000, abs=60)
    assert average.half_width < 60


def test_a_draw_counts_alone_when_more_rows_changed_than_it_is_unsure_of() -> None:
    blended = blend(Estimate(1_000, 100.0), Estimate(1_100, 10_000.0), 1_000_000)
    assert blended.value == pytest.approx(1_100, abs=0.1)


def test_a_draw_far_off_all_chance_replaces_the_average() -> None:
    before, after = Estimate(1_000, 100.0), Estimate(5_000, 10_000.0)
    blended = blend(before, after, 0)
    assert (blended.value, blended.variance) == (5_000, 10_000)


def test_low_draws_do_not_weigh_more_than_high_ones() -> None:
    chance = Random(2)  # noqa: S311 - the same
    ends = []
    for _chain in range(300):
        average = None
        for _draw in range(12):
            shown = sum(chance.random() < 0.1 for _block in range(200))  # 20 are expected
            average = blend(average, Estimate(shown, max(1.0, shown), shown), 0)
        assert average is not None
        ends.append(average.value)
    assert sum(ends) / len(ends) == pytest.approx(20, rel=0.03)


@pytest.mark.parametrize("change", [None, 0])
def test_an_exact_number_is_never_averaged(change: float | None) -> None:
    assert blend(Estimate(1_000, 100.0), Estimate(900), change) == Estimate(900)


def test_nothing_is_averaged_when_nobody_knows_what_changed() -> None:
    drawn = Estimate(1_010, 100.0)
    assert blend(Estimate(1_000, 100.0), drawn, None).value == 1_010
    assert blend(None, drawn, 0).value == 1_010


def test_the_change_is_what_was_inserted_updated_and_deleted() -> None:
    memory = Memory({}, (Activity(0, 10, 10, 10),))
    assert changed(memory, Activity(60, 15, 12, 11)) == 8


@pytest.mark.parametrize(
    "activity",
    [
        Activity(LONGEST_PAUSE + 1, 10, 0, 0),
        Activity(60, 9, 0, 0),
        Activity(-60, 10, 0, 0),
    ],
    ids=["too long ago", "counters were reset", "the clock went back"],
)
def test_the_change_is_unknown_when_counters_cannot_tell(activity: Activity) -> None:
    assert changed(Memory({}, (Activity(0, 10, 0, 0),)), activity) is None


def test_a_standby_counts_nothing_and_so_knows_no_change() -> None:
    assert changed(Memory({}, (Activity(0, 0, 0, 0),)), Activity(60, 0, 0, 0)) is None
    assert changed(Memory(), Activity(60, 5, 0, 0)) is None


def test_arrivals_are_counted_from_between_two_entries() -> None:
    memory = _memory((0, 0), (1_000, 1_000), (4_000, 1_300))
    assert inserted_within(memory, Activity(4_600, 1_900, 0, 0), 3_600) == (900, 1.0)


def test_arrivals_of_a_part_of_the_time_are_scaled_up_and_say_so() -> None:
    memory = _memory((1_800, 500))
    assert inserted_within(memory, Activity(3_600, 1_000, 0, 0), 3_600) == (1_000, 0.5)
    assert inserted_within(memory, Activity(2_300, 1_000, 0, 0), 3_600) is None


def test_there_are_no_arrivals_without_a_past_or_after_a_reset() -> None:
    now = Activity(3_600, 1_000, 0, 0)
    assert inserted_within(Memory(), now, 3_600) is None
    assert inserted_within(_memory((0, 2_000)), now, 3_600) is None
    assert inserted_within(_memory((3_600, 1_000)), now, 3_600) is None


def test_the_past_is_kept_as_long_as_the_span_and_one_entry_more() -> None:
    memory = _memory((0, 0), (1_000, 10), (3_000, 20))
    history = kept(memory, Activity(4_800, 30, 0, 0), 3_600)
    assert [entry.at for entry in history] == [1_000, 3_000, 4_800]


def test_the_past_does_not_grow_with_the_frequency_of_runs() -> None:
    memory = Memory()
    for second in range(0, 20_000, 5):
        memory = Memory({}, kept(memory, Activity(second, second, 0, 0), 3_600))
    assert len(memory.history) <= 64
    assert memory.history[-1].at == 19_995
    assert inserted_within(memory, Activity(20_000, 20_000, 0, 0), 3_600) == (3_600, 1.0)


def test_the_past_before_a_reset_is_forgotten() -> None:
    history = kept(_memory((0, 500), (60, 600)), Activity(120, 3, 0, 0), 3_600)
    assert [entry.at for entry in history] == [120]


def test_a_longer_life_counts_at_once_and_a_shorter_one_when_the_longer_is_met_no_more() -> None:
    memory = Memory(lifetimes={"access": (3_600.0, 0.0)})
    assert lived(memory, 10, {"access": 7_200}) == {"access": (7_200.0, 10)}
    assert lived(memory, 10, {"access": 60}) == {"access": (3_600.0, 0.0)}
    assert lived(memory, LIFETIME_HELD + 1, {"access": 60}) == {"access": (60.0, LIFETIME_HELD + 1)}


def test_a_kind_of_which_nothing_recent_was_drawn_lives_as_it_did() -> None:
    memory = Memory(lifetimes={"access": (3_600.0, 0.0)})
    assert lived(memory, 10 * LIFETIME_HELD, {"access": 0}) == {"access": (3_600.0, 0.0)}


def test_a_life_of_a_second_more_is_rounded_up_to_the_minute() -> None:
    assert lived(Memory(), 0, {"access": 3_600, "refresh": 3_601}) == {
        "access": (3_600.0, 0),
        "refresh": (3_660.0, 0),
    }


@pytest.mark.parametrize(
    ("draws", "settled"), [(None, True), (0, False), (SETTLED - 1, False), (SETTLED, True)]
)
def test_numbers_are_settled_after_a_dozen_draws_or_where_none_can_be_averaged(
    draws: int | None, *, settled: bool
) -> None:
    assert Memory(draws=draws).is_settled is settled
