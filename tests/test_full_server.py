"""A server without a place left is still watched."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import psycopg
import pytest

from exporter.database import Database
from exporter.errors import QueryError
from exporter.model import OutcomeKind, Rows, Target
from servers import Server
from sessions import until
from shipped import QUERIES, fresh_role

# The server lets go of a session a moment after its client has: the next test needs the places.
_GONE = "NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = '{}')"


def _fill(server: Server, stack: ExitStack, name: str, password: str) -> int:
    """Connect as an ordinary role until the server refuses; return how often it did not."""
    dsn, count, refusal = server.dsn(user=name, password=password), 0, ""
    while not refusal:
        try:
            stack.callback(psycopg.connect(dsn).close)
            count += 1
        except psycopg.OperationalError as error:
            refusal = str(error)
    assert "remaining connection slots are reserved" in refusal
    return count


async def _ask(database: Database, server: Server) -> dict[str, object]:
    query = QUERIES["connections"]
    rows: Rows = await database.fetch(query.sql_for(server.major) or "", timeout=query.timeout)
    [row] = rows.rows
    return dict(zip(rows.columns, row, strict=True))


def test_a_connection_that_is_kept_goes_on_when_ordinary_roles_are_refused(roomy: Server) -> None:
    """And exactly as many could still connect as it had said before."""

    async def scenario(dsn: str, stack: ExitStack, name: str, password: str) -> None:
        database = Database(Target("full", dsn), random=lambda: 0.0)
        try:
            before = await _ask(database, roomy)
            taken = _fill(roomy, stack, name, password)
            after = await _ask(database, roomy)
        finally:
            await database.close()
        assert taken == before["remaining"]
        assert (after["remaining"], after["used_ratio"]) == (0, 1.0)

    with fresh_role(roomy) as (name, password):
        dsn = roomy.monitor_dsn()
        with ExitStack() as stack:
            asyncio.run(scenario(dsn, stack, name, password))
        until(roomy, _GONE.format(name))


@pytest.mark.parametrize("is_member", [True, False])
def test_the_right_to_reserved_connections_lets_the_monitor_in_when_others_are_refused(
    roomy: Server, is_member: bool
) -> None:
    """What `grants` offers on PostgreSQL 16 and later; without it a new connection is refused, too."""
    if roomy.major < 16:
        pytest.skip("reserved_connections came with PostgreSQL 16")

    async def connect(dsn: str) -> OutcomeKind:
        database = Database(Target("full", dsn), random=lambda: 0.0)
        try:
            await _ask(database, roomy)
        except QueryError as error:
            return error.kind
        finally:
            await database.close()
        return OutcomeKind.OK

    with fresh_role(roomy) as (name, password), fresh_role(roomy) as (watcher, secret), ExitStack() as stack:
        roomy.execute(f"GRANT pg_monitor TO {watcher}")
        if is_member:
            roomy.execute(f"GRANT pg_use_reserved_connections TO {watcher}")
        _fill(roomy, stack, name, password)
        found = asyncio.run(connect(roomy.dsn(user=watcher, password=secret)))
        stack.close()
        until(roomy, _GONE.format(name))
        until(roomy, _GONE.format(watcher))
    assert found is (OutcomeKind.OK if is_member else OutcomeKind.CONNECT)
