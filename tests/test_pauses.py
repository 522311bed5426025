"""Rules for pauses: what counts while several have paused a target, and when a pause ends."""

from __future__ import annotations

import pytest

from exporter.pauses import By, Pause, Pauses, reason_in


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_target_that_nothing_pauses_is_not_paused(clock: Clock) -> None:
    assert Pauses(clock).of("main") is None


def test_a_pause_by_the_endpoint_ends_by_itself_to_the_second(clock: Clock) -> None:
    pauses = Pauses(clock)
    pauses.pause("main", 60.0, "upgrade")
    assert pauses.of("main") == Pause(By.ENDPOINT, 1000.0, 1060.0, "upgrade")
    assert pauses.of("other") is None
    clock.seconds = 1059.9
    assert pauses.of("main") is not None
    clock.seconds = 1060.0
    assert pauses.of("main") is None


def test_a_pause_without_an_end_goes_on_until_it_is_resumed(clock: Clock) -> None:
    pauses = Pauses(clock)
    pauses.pause("main", None, "")
    clock.seconds = 1e9
    assert pauses.of("main") == Pause(By.ENDPOINT, 1000.0)
    assert pauses.resume("main") is None
    assert pauses.of("main") is None


def test_a_pause_that_is_made_longer_keeps_its_begin_and_one_that_had_ended_does_not(clock: Clock) -> None:
    pauses = Pauses(clock)
    pauses.pause("main", 60.0, "upgrade")
    clock.seconds = 1059.0
    pauses.pause("main", 60.0, "still")
    assert pauses.of("main") == Pause(By.ENDPOINT, 1000.0, 1119.0, "still")
    clock.seconds = 1119.0
    pauses.pause("main", None, "again")
    assert pauses.of("main") == Pause(By.ENDPOINT, 1119.0, None, "again")


def test_a_target_is_paused_while_anything_pauses_it(clock: Clock) -> None:
    pauses = Pauses(clock)
    pauses.configured(["main"])
    pauses.found({"main": Pause(By.FILE, 900.0, reason="move")})
    pauses.pause("main", None, "")
    assert pauses.of("main") == Pause(By.CONFIGURATION, 1000.0)
    pauses.configured([])
    assert pauses.of("main") == Pause(By.FILE, 900.0, reason="move")
    assert pauses.resume("main") == Pause(By.FILE, 900.0, reason="move"), "the file still does"
    pauses.found({})
    assert pauses.of("main") is None


def test_a_pause_by_the_configuration_has_its_begin_over_reloads(clock: Clock) -> None:
    pauses = Pauses(clock)
    pauses.configured(["main"])
    clock.seconds = 2000.0
    pauses.configured(["main", "other"])
    assert pauses.of("main") == Pause(By.CONFIGURATION, 1000.0)
    assert pauses.of("other") == Pause(By.CONFIGURATION, 2000.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("\n\n", ""),
        ("disk swap\nsecond line", "disk swap"),
        ("  disk swap  ", "disk swap"),
        ("\x1b[31mred\a", "[31mred"),
        ("Größe", "Größe"),
        ("x" * 201, "x" * 200),
    ],
)
def test_a_reason_is_one_line_that_can_be_printed(text: str, reason: str) -> None:
    assert reason_in(text) == reason


def test_a_pause_reads_as_who_from_when_until_when_and_why() -> None:
    since = "since 1970-01-01 00:00:00 UTC"
    assert str(Pause(By.FILE, 0.0, reason="disk swap")) == f"paused by file {since}: disk swap"
    assert str(Pause(By.CONFIGURATION, 0.0)) == f"paused by configuration {since}"
    until = f"paused by endpoint {since}, until 1970-01-01 02:00:00 UTC: disk swap"
    assert str(Pause(By.ENDPOINT, 0.0, 7200.0, "disk swap")) == until
