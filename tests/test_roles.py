"""Rules of what a load balancer is told."""

from __future__ import annotations

import pytest

from exporter.roles import FRESH, Standing, Wanted, verdict

NOW = 1000.0
PRIMARY = Standing(up=True, in_recovery=False, seen_at=NOW - 12)
REPLICA = Standing(up=True, in_recovery=True, seen_at=NOW - 12, lag=4.0)
DOWN = Standing(up=False, in_recovery=False, seen_at=NOW - 1, problem="connection refused")


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        (PRIMARY, {Wanted.PRIMARY, Wanted.HEALTHY}),
        (REPLICA, {Wanted.REPLICA, Wanted.HEALTHY}),
        (DOWN, set()),
        (Standing(up=False), set()),
        (Standing(up=True), set()),
        (Standing(up=True, in_recovery=False, seen_at=NOW - FRESH), {Wanted.PRIMARY, Wanted.HEALTHY}),
        (Standing(up=True, in_recovery=False, seen_at=NOW - FRESH - 0.1), set()),
        (Standing(up=True, in_recovery=True, seen_at=NOW - FRESH - 0.1), set()),
    ],
)
def test_a_target_is_what_it_was_seen_to_be_while_that_is_fresh(
    standing: Standing, wanted: set[Wanted]
) -> None:
    assert {each for each in Wanted if verdict(each, standing, NOW)[0]} == wanted


@pytest.mark.parametrize(("max_lag", "good"), [(None, True), (4.0, True), (3.9, False)])
def test_a_replica_may_be_too_far_behind(max_lag: float | None, good: bool) -> None:
    assert verdict(Wanted.REPLICA, REPLICA, NOW, max_lag)[0] is good


def test_a_replica_of_which_nobody_knows_the_lag_is_none_within_a_limit() -> None:
    unknown = Standing(up=True, in_recovery=True, seen_at=NOW)
    assert verdict(Wanted.REPLICA, unknown, NOW) == (True, "replica, seen 0 s ago")
    assert verdict(Wanted.REPLICA, unknown, NOW, 10.0) == (
        False,
        "replica, seen 0 s ago: how far behind is not known",
    )


def test_a_primary_is_no_replica_within_any_limit() -> None:
    assert verdict(Wanted.REPLICA, PRIMARY, NOW, 10.0) == (False, "primary, seen 12 s ago")


def test_the_words_say_what_it_is_how_far_behind_and_when_it_was_seen() -> None:
    assert verdict(Wanted.REPLICA, REPLICA, NOW)[1] == "replica, 4 s behind, seen 12 s ago"
    assert verdict(Wanted.HEALTHY, DOWN, NOW)[1] == "down: connection refused"
    assert verdict(Wanted.HEALTHY, Standing(up=False), NOW)[1] == "down: not reached yet"
