"""Rules of the election: of several replicas one polls a target, and its series are on one page only."""

from __future__ import annotations

import asyncio
import logging

import pytest

from exporter.evidence import Evidence
from exporter.gateways import gateway_to
from exporter.leadership import CLASS, Standing, lock_of
from exporter.model import Target
from exporter.status import target_status
from exporter.store import Served
from exporter.telemetry import Telemetry
from gateway import role
from pooler import pooled
from replicas import LEADER, LOOK, Replica, both, hand_over, locks, until
from servers import Server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every 0.2 s, so that no test waits for 5."""
    monkeypatch.setattr("exporter.voice.LOOK_EVERY", LOOK)


def status_of(replica: Replica) -> str:
    telemetry = Telemetry(lambda: 0.0)
    return target_status(replica.watch, telemetry, Evidence(keep=1), Served(), None).state


def test_one_of_two_replicas_leads_and_the_other_shows_only_that_it_does_not(
    database: str, a_server: Server
) -> None:
    async def scenario() -> None:
        async with both(a_server.monitor_dsn(database)) as (leader, follower):
            assert f"{LEADER} 1\n" in leader.page()
            assert 'pg_up{target="main"} 1\n' in leader.page()
            assert follower.series() == {LEADER}
            assert f"{LEADER} 0\n" in follower.page()
            assert follower.watch.has_settled
            assert status_of(follower) == "follower"
            assert status_of(leader) == "up"
            assert follower.watch.server is not None  # what role endpoints go by

    asyncio.run(scenario())


def test_when_the_leader_ends_the_other_takes_over_with_all_its_series(
    database: str, a_server: Server
) -> None:
    async def scenario() -> None:
        dsn = a_server.monitor_dsn(database)
        async with Replica(dsn).serving() as first:
            await until(lambda: first.shows)
            before = first.series()
            second = Replica(dsn)
            async with second.serving():
                await first.database.close()
                await until(lambda: second.shows)
                assert second.series() == before

    asyncio.run(scenario())


def test_a_leader_whose_session_is_terminated_shows_nothing_beside_the_next_one_but_for_an_instant(
    database: str, a_server: Server
) -> None:
    """A statement under way hears of the end when the server closes, just after it has let go of the lock."""

    async def scenario() -> None:
        async with both(a_server.monitor_dsn(database)) as pair:

            def is_doubled() -> bool:
                first, second = (replica.series() for replica in pair)
                return not first & second <= {LEADER}

            for _ in range(10):
                await until(lambda: len(locks(a_server)) == 1)
                [(pid, _)] = locks(a_server)
                await asyncio.to_thread(a_server.execute, f"SELECT pg_terminate_backend({pid})")
                gone = False
                while not gone or not any(replica.shows for replica in pair):
                    await until(lambda: not is_doubled(), LOOK)
                    gone = gone or pid not in [holder for holder, _ in locks(a_server)]
                    await asyncio.sleep(0.002)

    asyncio.run(scenario())


def test_a_leader_that_renews_its_session_keeps_its_values_and_its_counts(
    database: str, a_server: Server
) -> None:
    async def scenario() -> None:
        async with Replica(a_server.monitor_dsn(database)).serving() as leader:
            await until(lambda: leader.shows)
            [(before, _)], page = locks(a_server), leader.page()
            leader.database._fast._renew_at = 0.0
            await leader.leadership.look()
            [(after, _)] = locks(a_server)
            assert after != before
            assert leader.page() == page

    asyncio.run(scenario())


def test_a_renewal_that_another_replica_is_quicker_at_takes_the_values_along(
    database: str, a_server: Server
) -> None:
    async def scenario() -> None:
        async with both(a_server.monitor_dsn(database)) as (leader, follower):
            await hand_over(leader, follower)
            await until(lambda: follower.shows)
            await until(lambda: leader.leadership.standing is Standing.FOLLOWER)
            assert leader.series() == {LEADER}
            assert not leader.watch.plan.active

    asyncio.run(scenario())


def test_a_lock_is_taken_once_however_often_it_is_looked_at(database: str, a_server: Server) -> None:
    async def scenario() -> None:
        async with both(a_server.monitor_dsn(database)) as (leader, _):
            [(pid, objid)] = locks(a_server)
            assert objid == lock_of("", "main") % 2**32
            for _ in range(5):
                await leader.leadership.look()
            rows = await leader.database.fetch(
                f"SELECT pg_backend_pid(), pg_advisory_unlock({CLASS}, {lock_of('', 'main')})", timeout=2
            )
            assert rows.rows == [(pid, True)]
            assert locks(a_server) == []

    asyncio.run(scenario())


def test_replicas_of_different_groups_do_not_know_of_each_other(database: str, a_server: Server) -> None:
    async def scenario() -> None:
        dsn = a_server.monitor_dsn(database)
        async with Replica(dsn, "blue").serving() as one, Replica(dsn, "green").serving() as other:
            await until(lambda: one.shows and other.shows)
            assert len(locks(a_server)) == 2

    asyncio.run(scenario())


def test_who_follows_holds_one_connection_also_after_having_led(database: str, a_server: Server) -> None:
    async def scenario() -> None:
        async with both(a_server.monitor_dsn(database)) as (leader, follower):
            await leader.database.fetch("SELECT 1", timeout=2, heavy=True)
            await hand_over(leader, follower)
            await until(lambda: leader.leadership.standing is Standing.FOLLOWER)
            await leader.leadership.look()
            count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'"
            await follower.database._heavy.rest()
            await until(lambda: a_server.execute(count) == [(2,)])

    asyncio.run(scenario())


def test_the_server_is_told_to_notice_soon_that_a_replica_is_gone(database: str, a_server: Server) -> None:
    async def scenario() -> None:
        async with both(a_server.monitor_dsn(database)) as (leader, _):
            names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
            asked = ", ".join(f"current_setting('{name}')" for name in (*names, "tcp_user_timeout"))
            rows = await leader.database.fetch(f"SELECT {asked}", timeout=2)
            assert rows.rows == [("10", "5", "3", "25000")]

    asyncio.run(scenario())


def test_through_a_pooler_nobody_takes_a_lock_every_replica_polls_and_says_so_once(
    database: str, a_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    async def scenario(dsn: str) -> None:
        async with Replica(dsn, connections=1).serving() as one:
            await until(lambda: one.shows)
            assert one.leadership.standing is Standing.UNELECTED
            assert "pooler" in one.watch.voice.problem
            assert f"{LEADER} 1\n" in one.page()
            await one.leadership.look()
            assert one.shows
            assert locks(a_server) == []
            settings = await one.database.fetch("SELECT current_setting('tcp_keepalives_count')", timeout=2)
            assert settings.rows != [("3",)]

    with pooled(a_server) as dsn:
        asyncio.run(scenario(dsn))
    assert sum("no leader election" in record.getMessage() for record in caplog.records) == 1


def test_a_role_that_must_not_lock_polls_without_an_election(database: str, a_server: Server) -> None:
    function = "FUNCTION pg_catalog.pg_try_advisory_lock(int, int)"

    async def scenario(dsn: str) -> None:
        async with Replica(dsn).serving() as one:
            await until(lambda: one.shows)
            assert one.leadership.standing is Standing.UNELECTED
            assert "permission denied" in one.watch.voice.problem

    a_server.execute(f"REVOKE EXECUTE ON {function} FROM PUBLIC", database)
    try:
        with role(a_server) as (name, password):
            asyncio.run(scenario(a_server.dsn(database, name, password)))
    finally:
        a_server.execute(f"GRANT EXECUTE ON {function} TO PUBLIC", database)


def test_a_standby_elects_like_a_primary(standby: Server) -> None:
    async def scenario() -> None:
        async with both(standby.monitor_dsn()) as (leader, follower):
            assert follower.series() == {LEADER}
            assert len(locks(standby)) == 1
            await leader.database.close()
            await until(lambda: follower.shows)

    asyncio.run(scenario())


def test_a_target_that_is_retired_says_nothing_when_its_session_ends_later(
    database: str, a_server: Server
) -> None:
    async def scenario() -> None:
        async with Replica(a_server.monitor_dsn(database)).serving() as one:
            await until(lambda: one.shows)
            one.watch.retire()
            await one.database.close()
            assert one.page() == ""

    asyncio.run(scenario())


def test_only_who_polls_again_and_again_takes_part() -> None:
    target = Target("main", "postgresql://monitor@db.example/", lock=1)
    assert gateway_to(target).leadership is None
    assert gateway_to(target, elects=True).leadership is not None


@pytest.mark.parametrize(("group", "target"), [("", "main"), ("a", "main"), ("amain", ""), ("", "main2")])
def test_a_lock_belongs_to_a_group_and_a_target(group: str, target: str) -> None:
    others = {("", "main"), ("a", "main"), ("amain", ""), ("", "main2")} - {(group, target)}
    lock = lock_of(group, target)
    assert -(2**31) <= lock < 2**31
    assert lock not in {lock_of(*other) for other in others}
    assert lock == lock_of(group, target)
