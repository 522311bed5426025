"""Rules of a pace: how many begin at once, and how long the last one waits."""

from __future__ import annotations

import asyncio
import time

import pytest

from exporter.pace import Pace


class Clock:
    """A clock that a test sets."""

    time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_the_first_begins_at_once_and_the_others_one_place_apart() -> None:
    pace = Pace(10, Clock())
    assert [round(pace.place(most=100), 3) for _ in range(4)] == [0.0, 0.1, 0.2, 0.3]


def test_places_that_nobody_took_are_gone() -> None:
    clock = Clock()
    pace = Pace(10, clock)
    pace.place(most=100)
    clock.time += 50
    assert [round(pace.place(most=100), 3) for _ in range(2)] == [0.0, 0.1]


def test_nobody_waits_for_more_than_there_are_also_when_the_clock_is_set_back() -> None:
    clock = Clock()
    pace = Pace(10, clock)
    pace.place(most=5)
    clock.time -= 500
    assert pace.place(most=5) == pytest.approx(0.5)


def test_a_turn_comes_when_its_place_does() -> None:
    async def main() -> None:
        pace = Pace(50, time.monotonic)
        started = time.monotonic()
        for _ in range(6):
            await pace.turn(most=100)
        assert time.monotonic() - started >= 5 / 50 - 0.001

    asyncio.run(main())
