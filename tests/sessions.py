"""Owns sessions that tests make busy: statements that do not end by themselves, and how they are ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from psycopg import pq

from servers import Server

# Which sessions can hold back the xmin horizon, as the shipped query calls them.
SESSION_KINDS = ("backend", "standby_feedback", "walsender", "other")


def start(connection: psycopg.Connection, sql: str, server: Server, until: str) -> None:
    """Send a statement that will not end by itself; return when pg_stat_activity shows `until` of it."""
    connection.pgconn.send_query(sql.encode())
    connection.pgconn.flush()
    shown = f"SELECT {until} FROM pg_stat_activity WHERE pid = {connection.info.backend_pid}"
    with psycopg.connect(server.dsn(), autocommit=True) as observer:
        for _ in range(20_000):
            if observer.execute(shown).fetchone() == (True,):
                return
    raise AssertionError(f"never seen: {until}")


def finish(connection: psycopg.Connection) -> None:
    """Cancel what the connection is at and read its answer, so that it can be closed."""
    connection.cancel()
    while connection.pgconn.get_result() is not None:
        pass
    assert connection.pgconn.transaction_status != pq.TransactionStatus.ACTIVE


def until(server: Server, condition: str, seconds: float = 20) -> None:
    """Return when a condition in SQL holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.execute(f"SELECT {condition}") == [(True,)]:
            return
    raise AssertionError(f"never seen: {condition}")


@contextmanager
def opener(server: Server, database: str) -> Iterator[Callable[..., psycopg.Connection]]:
    """Yield a function that opens one more session of the superuser; all are closed at the end."""
    with ExitStack() as stack:

        def open_one(name: str = "subject") -> psycopg.Connection:
            connection = psycopg.connect(server.dsn(database), autocommit=True, application_name=name)
            return stack.enter_context(connection)

        yield open_one


def spend(connection: psycopg.Connection, number: int) -> None:
    """Use up so many transaction numbers: each row is a subtransaction's."""
    connection.execute("CREATE TEMPORARY TABLE spent ()")
    connection.execute(
        f"""
        DO $$ BEGIN
            FOR number IN 1..{number} LOOP
                BEGIN
                    INSERT INTO spent DEFAULT VALUES;
                EXCEPTION WHEN division_by_zero THEN NULL;
                END;
            END LOOP;
        END $$
        """.encode()
    )
