"""Rules about when a lane keeps its session, when it makes a new one, and who comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from exporter.lane import Lane, _Turns
from gateway import target
from servers import Server

PID = "SELECT pg_catalog.pg_backend_pid()"


async def _pid(lane: Lane, database: str | None = None) -> object:
    [(pid,)] = (await lane.run(PID, 5, database)).rows
    return pid


def _renewed_after(server: Server, seconds: float, random: float) -> bool:
    """Tell whether a lane has another session that many seconds after its first."""
    clock = 0.0

    async def ask() -> bool:
        nonlocal clock
        lane = Lane(target(server.dsn()), lambda: random, now=lambda: clock)
        first = await _pid(lane)
        clock += seconds
        second = await _pid(lane)
        await lane.close()
        return first != second

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("random", "seconds", "renewed"),
    [(0.0, 2699, False), (0.0, 2700, True), (0.5, 3599, False), (0.5, 3600, True), (0.999, 4400, False)],
)
def test_a_session_is_renewed_after_about_an_hour(
    a_server: Server, random: float, seconds: float, renewed: bool
) -> None:
    assert _renewed_after(a_server, seconds, random) is renewed


@pytest.mark.slow
def test_an_unused_session_ends_after_its_linger_and_a_used_one_does_not(a_server: Server) -> None:
    async def ask() -> tuple[object, ...]:
        lane = Lane(target(a_server.dsn()), lambda: 0.5, linger=0.5)
        first = await _pid(lane)
        await asyncio.sleep(0.3)
        second = await _pid(lane)
        await asyncio.sleep(0.3)  # more than the linger since the first, less since the second
        third = await _pid(lane)
        await asyncio.sleep(0.8)
        fourth = await _pid(lane)
        await lane.close()
        return first, second, third, fourth

    first, second, third, fourth = asyncio.run(ask())
    assert first == second == third != fourth


def test_a_lane_goes_to_another_database_and_back(a_server: Server, database: str) -> None:
    async def ask() -> list[object]:
        lane = Lane(target(a_server.dsn()), lambda: 0.5)
        sql = "SELECT pg_catalog.current_database()"
        names = [(await lane.run(sql, 5, place)).rows[0][0] for place in (database, None, database)]
        await lane.close()
        return names

    assert asyncio.run(ask()) == [database, "postgres", database]


def _order(wanted: str) -> str:
    """Return in which order turns are given that are asked for in the order of these letters."""
    given = []

    async def one(turns: _Turns, name: str) -> None:
        async with turns.turn(name):
            given.append(name)
            await asyncio.sleep(0)

    async def ask() -> None:
        turns = _Turns()
        await asyncio.gather(*(one(turns, name) for name in wanted))

    asyncio.run(ask())
    return "".join(given)


def test_turns_on_the_same_database_come_together_else_first_come_first_served() -> None:
    assert _order("abcabca") == "aaabbcc"


def test_a_long_visit_gives_way_to_those_who_wait_for_another_database() -> None:
    assert _order("ab" + "a" * 60) == "a" * 50 + "b" + "a" * 11


def test_a_turn_is_never_held_twice_whoever_is_cancelled() -> None:
    holders, most, served = 0, 0, 0

    async def one(turns: _Turns, name: str) -> None:
        nonlocal holders, most, served
        async with turns.turn(name):
            holders += 1
            most = max(most, holders)
            try:
                await asyncio.sleep(0.001)
                served += 1
            finally:
                holders -= 1

    async def ask(cancelled: Callable[[int], bool]) -> None:
        turns = _Turns()
        tasks = [asyncio.create_task(one(turns, "abc"[number % 3])) for number in range(30)]
        await asyncio.sleep(0.003)
        for number, task in enumerate(tasks):
            if cancelled(number):
                task.cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        async with turns.turn("d"):
            assert holders == 0

    asyncio.run(ask(lambda number: number % 2 == 0))
    asyncio.run(ask(lambda number: number % 3 == 0))
    asyncio.run(ask(lambda _: True))
    assert most == 1
    assert served >= 35
