"""Rules of the election where the way to the server breaks, goes silent, or comes back."""

from __future__ import annotations

import asyncio

import pytest

from gateway import through
from proxy import Proxy
from replicas import LEADER, LOOK, Replica, both, locks, until
from servers import Server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every 0.2 s, so that no test waits for 5."""
    monkeypatch.setattr("exporter.voice.LOOK_EVERY", LOOK)


def test_a_server_out_of_reach_is_down_on_both_pages_and_counted_by_who_led(
    database: str, a_server: Server
) -> None:
    async def scenario(proxy: Proxy) -> None:
        async with both(through(proxy, a_server.monitor_dsn(database))) as (leader, follower):
            proxy.cut()
            await until(lambda: not leader.watch.up and not follower.watch.up)
            down, probes = 'pg_up{target="main"}', 'pg_exporter_probes_total{target="main",outcome="failed"}'
            assert f"{down} 0\n" in leader.page()
            assert f"{down} 0\n" in follower.page()
            assert follower.series() == {LEADER, down}
            assert probes in leader.series()
            assert "test_one" not in leader.page()
            proxy.heal()
            await until(lambda: leader.shows or follower.shows)
            await until(lambda: leader.watch.up and follower.watch.up)
            assert leader.series() & follower.series() == {LEADER}

    with Proxy(a_server.host, a_server.port) as proxy:
        asyncio.run(scenario(proxy))


def test_a_leader_cut_off_drops_its_values_and_the_other_takes_over(database: str, a_server: Server) -> None:
    async def scenario(proxy: Proxy) -> None:
        dsn = a_server.monitor_dsn(database)
        async with both(through(proxy, dsn), dsn) as (leader, follower):
            proxy.cut()
            await until(lambda: follower.shows)
            await until(lambda: not leader.watch.up)
            assert "test_one" not in leader.page()
            assert 'pg_up{target="main"} 0\n' in leader.page()
            proxy.heal()
            await until(lambda: leader.watch.up)
            assert leader.series() == {LEADER}

    with Proxy(a_server.host, a_server.port) as proxy:
        asyncio.run(scenario(proxy))


@pytest.mark.slow
def test_a_leader_without_an_answer_hides_its_values_and_goes_on_where_it_was_when_there_is_one(
    database: str, a_server: Server
) -> None:
    async def scenario(proxy: Proxy) -> None:
        async with Replica(through(proxy, a_server.monitor_dsn(database))).serving() as leader:
            await until(lambda: leader.shows)
            [held], page = locks(a_server), leader.page()
            proxy.freeze()
            started = asyncio.get_running_loop().time()
            await until(lambda: not leader.shows)
            assert asyncio.get_running_loop().time() - started < LOOK + 4
            assert leader.series() == {LEADER}
            proxy.thaw()
            await until(lambda: leader.shows)
            assert held in locks(a_server)
            assert leader.page() == page

    with Proxy(a_server.host, a_server.port) as proxy:
        asyncio.run(scenario(proxy))
