"""Pauses where replicas elect the one that polls: a paused leader gives up the lock."""

from __future__ import annotations

import asyncio

from exporter.pauses import By, Pause
from replicas import Replica, until
from servers import Server

PAUSED = 'pg_exporter_target_paused{target="main"}'


def test_a_leader_that_is_paused_lets_another_take_over_unless_that_one_is_paused_too(
    database: str, a_server: Server
) -> None:
    async def scenario() -> None:
        dsn = a_server.monitor_dsn(database)
        first, second = Replica(dsn), Replica(dsn)
        task = asyncio.create_task(first.watch.serve())
        await until(lambda: first.shows)
        async with second.serving():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            first.watch.pause(Pause(By.FILE, 0.0))
            assert first.series() == {PAUSED}
            await first.database.close()
            await until(lambda: second.shows)
            assert first.series() == {PAUSED}
        second.watch.pause(Pause(By.FILE, 0.0))
        assert second.series() == {PAUSED}
        await second.database.close()

    asyncio.run(scenario())


def test_a_follower_that_is_paused_says_so_and_only_that(database: str, a_server: Server) -> None:
    async def scenario() -> None:
        dsn = a_server.monitor_dsn(database)
        async with Replica(dsn).serving() as leader:
            await until(lambda: leader.shows)
            async with Replica(dsn).serving() as follower:
                follower.watch.pause(Pause(By.CONFIGURATION, 0.0))
                assert follower.series() == {PAUSED}
                assert follower.watch.has_settled

    asyncio.run(scenario())
