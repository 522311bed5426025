"""The demo's workload and its trouble, on the embedded server and without waiting for the clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo_store import Players, ask, kept_server, no_time, until, with_database
from exporter.demo import trouble
from exporter.demo.database import Database
from exporter.demo.endpoint import Endpoint
from exporter.demo.timeline import Step, StepKind


@pytest.fixture(scope="module")
def demo_server() -> Iterator[Endpoint]:
    with kept_server() as endpoint:
        yield endpoint


def test_seven_minutes_of_the_plan_leave_a_trace_of_every_kind_of_event(demo_server: Endpoint) -> None:
    trace = """
    SELECT (SELECT count(*) FROM tokens WHERE created_at >= '2026-01-01' AND created_at < '2026-01-02'),
           (SELECT count(*) FROM tokens WHERE created_at < '2026-01-02' AND revoked_at > created_at),
           (SELECT count(DISTINCT client_id) FROM tokens WHERE created_at < '2026-01-02'),
           (SELECT count(*) FROM authorization_codes
             WHERE created_at < '2026-01-02' AND used_at - created_at BETWEEN '1 second' AND '6 seconds'),
           (SELECT count(*) FROM authorization_codes WHERE created_at < '2026-01-02' AND used_at IS NULL),
           (SELECT count(*) FROM users WHERE created_at < '2026-01-02'),
           (SELECT count(*) FROM user_sessions WHERE created_at < '2026-01-02')
    """

    async def body(prepared: Database) -> None:
        # The past begins when the test runs; take it away, so that only what this plan does is counted.
        await ask(prepared.application("test"), "DELETE FROM tokens; DELETE FROM authorization_codes")
        players = Players(prepared, no_time)
        await players.perform(until(420, rate=5), rate=5)
        assert players.workload.counts.failures == 0
        assert players.workload.counts.operations > 420 * 5 * 0.9
        (found,) = await ask(prepared.application("test"), trace)
        assert min(found) > 0, found
        # A purge took what had expired three minutes before it, and none ran after minute three.
        limit = "timestamp '2026-01-01' + interval '165 s' - interval '3 min'"
        overdue = f"SELECT FROM tokens WHERE expires_at < {limit}"
        assert await ask(prepared.application("test"), overdue) == []
        kinds = ("lock queue", "idle transaction", "revocation wave", "churn", "purge forgotten")
        assert all(any(line.startswith(kind) for line in players.said) for kind in kinds)

    with_database(demo_server, body)


def test_a_purge_takes_rows_that_expired_longer_ago_than_the_retention_in_batches(
    demo_server: Endpoint,
) -> None:
    async def body(prepared: Database) -> None:
        players = Players(prepared, no_time)
        purge = Step(0, StepKind.PURGE, 0)
        insert = """
        DELETE FROM tokens;
        INSERT INTO tokens SELECT md5(n::text)::uuid, NULL, NULL, 'access', 'x', NULL, NULL,
            timestamp '2026-01-01' - interval '3 minutes' - n * interval '1 microsecond'
        FROM generate_series(0, 40) AS n
        """
        await ask(prepared.application("test"), insert)
        left = []
        for _ in range(3):
            await players.perform([purge], rate=1)
            left.append((await ask(prepared.application("test"), "SELECT count(*) FROM tokens"))[0][0])
        assert left == [41 - 30, 1, 1]

    with_database(demo_server, body)


TRACE = "SELECT FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'device_name'"
DEPTH = """
WITH RECURSIVE edge AS (
    SELECT pid, unnest(pg_blocking_pids(pid)) AS by FROM pg_stat_activity WHERE wait_event_type = 'Lock'
), tree AS (
    SELECT by AS pid, 0 AS depth FROM edge WHERE by NOT IN (SELECT pid FROM edge)
    UNION SELECT edge.pid, depth + 1 FROM edge JOIN tree ON tree.pid = edge.by
)
SELECT coalesce(max(depth), 0), count(DISTINCT pid) - 1 FROM tree
"""


@pytest.mark.parametrize(("behind_reader", "depth"), [(False, 1), (True, 2)])
@pytest.mark.parametrize("migration", trouble.MIGRATIONS, ids=lambda migration: migration.table)
def test_a_lock_queue_grows_behind_one_session_and_dissolves_without_a_trace(
    demo_server: Endpoint,
    migration: trouble.Migration,
    behind_reader: bool,
    depth: int,
) -> None:
    async def body(prepared: Database) -> None:
        seen: list[tuple[int, int]] = []

        async def sleep(_: float) -> None:
            """Wait, by asking the server and not by the clock, until one more session is in the queue."""
            for _ in range(2000):
                (found,) = await ask(prepared.monitoring(), DEPTH)
                if found[1] > len(seen):
                    break
            seen.append((found[0], found[1]))

        players = Players(prepared, sleep)
        await trouble.lock_queue(players.stage, migration, behind_reader=behind_reader)
        assert [waiting for _, waiting in seen] == [1, 2, 3, 4, 5, 6]
        assert seen[-1][0] == depth
        assert players.stage.locked == set()
        assert await ask(prepared.application("test"), TRACE, migration.table) == []

    with_database(demo_server, body)


def test_traffic_leaves_a_locked_table_alone_instead_of_hanging(demo_server: Endpoint) -> None:
    async def body(prepared: Database) -> None:
        players = Players(prepared, no_time)
        players.stage.locked.add("tokens")
        await players.perform([step for step in until(20) if step.kind is StepKind.OPERATION], rate=10)
        newest = "SELECT count(*) FROM tokens WHERE created_at BETWEEN '2026-01-01' AND '2026-01-02'"
        assert await ask(prepared.application("test"), newest) == [(0,)]
        assert players.workload.counts.left_out > 0
        assert players.workload.counts.operations > 0

    with_database(demo_server, body)


def test_an_idle_transaction_holds_back_vacuum_while_it_lasts(demo_server: Endpoint) -> None:
    async def body(prepared: Database) -> None:
        idle = "SELECT count(backend_xmin) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        seen = []

        async def sleep(seconds: float) -> None:
            seen.append((seconds, await ask(prepared.monitoring(), idle)))

        players = Players(prepared, sleep)
        await players.perform([Step(0, StepKind.IDLE_TRANSACTION, 0)], rate=1)
        assert [count for _, count in seen] == [[(1,)]]
        assert 30 <= seen[0][0] <= 60
        assert await ask(prepared.monitoring(), idle) == [(0,)]

    with_database(demo_server, body)


def test_churn_leaves_many_dead_rows_and_a_larger_table(demo_server: Endpoint) -> None:
    async def body(prepared: Database) -> None:
        size = "SELECT pg_table_size('user_sessions') + pg_indexes_size('user_sessions')"
        before = await ask(prepared.monitoring(), size)
        players = Players(prepared, no_time)
        await players.perform([Step(0, StepKind.CHURN, 0)], rate=1)
        after = await ask(prepared.monitoring(), size)
        assert after[0][0] > 3 * before[0][0]

    with_database(demo_server, body)


def test_a_session_that_somebody_ended_is_replaced(demo_server: Endpoint) -> None:
    async def body(prepared: Database) -> None:
        players = Players(prepared, no_time)
        steps = [Step(0, StepKind.OPERATION, turn) for turn in range(8)]
        for step in steps:
            await players.workload.perform(step, 1)
        await ask(
            prepared.endpoint.superuser(),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'oauth2-server'",
        )
        await players.perform(steps * 2, rate=1)
        assert players.workload.counts.failures == 4
        assert players.workload.counts.operations == 8 + 12

    with_database(demo_server, body)
