"""Rules about what is news of something that fails."""

from __future__ import annotations

from exporter.streak import Streak


def test_the_first_failure_of_each_kind_is_news_and_nothing_in_between() -> None:
    streak = Streak()
    assert [streak.failed(how, 0.0) for how in "aabab"] == [True, False, True, False, False]


def test_the_end_tells_how_many_failures_there_were_and_for_how_long() -> None:
    streak = Streak()
    for at in range(42):
        streak.failed("timeout", 100.0 + at)
    assert streak.ended(700.0) == {"failures": 42, "lasted": "10m"}


def test_what_did_not_fail_does_not_recover_and_what_did_can_fail_anew() -> None:
    streak = Streak()
    assert streak.ended(5.0) == {}
    streak.failed("a", 10.0)
    streak.ended(20.0)
    assert streak.ended(25.0) == {}
    assert streak.failed("a", 30.0)
    assert streak.ended(29.0) == {"failures": 1, "lasted": "0s"}
