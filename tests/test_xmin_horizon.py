"""Each kind of holder keeps the xmin horizon back, and the shipped query names it and its age."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import pq

from servers import Server
from sessions import SESSION_KINDS, finish, opener, start, until
from shipped import ask, ask_on, connect, fresh_database


@pytest.fixture
def database(roomy: Server) -> Iterator[str]:
    with fresh_database(roomy) as name:
        yield name


@pytest.fixture
def session(roomy: Server, database: str) -> Iterator[Callable[..., psycopg.Connection]]:
    """A function that opens one more session of the superuser in `database`."""
    with opener(roomy, database) as open_one:
        yield open_one


def _holders(monitor: psycopg.Connection) -> dict[str, tuple[object, object]]:
    """Return number and age of those who hold the horizon, by kind."""
    answer = ask_on(monitor, "xmin_horizon")
    number, age = "pg_xmin_holders", "pg_xmin_age_transactions"
    return {
        kind: (answer.value(number, holder=kind), answer.value(age, holder=kind))
        for kind in (*SESSION_KINDS, "slot", "slot_catalog", "prepared_transaction")
    }


def _grown(server: Server, kind: str) -> None:
    """Assert that one of this kind holds, alone of all, and grows older by one with each transaction."""
    with connect(server.monitor_dsn()) as monitor:
        before = _holders(monitor)
        server.execute("SELECT txid_current()")
        after = _holders(monitor)
    assert {name for name, (count, _) in after.items() if count} == {kind}
    assert (after[kind][0], after[kind][1]) == (1, _plus_one(before[kind][1]))


def _plus_one(number: object) -> int:
    assert isinstance(number, int)
    return number + 1


def test_nobody_holds_the_horizon_where_nobody_does_anything(roomy: Server) -> None:
    with connect(roomy.monitor_dsn()) as monitor:
        assert set(_holders(monitor).values()) == {(0, None)}


def test_a_session_with_a_snapshot_holds_the_horizon(
    roomy: Server, session: Callable[..., psycopg.Connection]
) -> None:
    subject = session()
    subject.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    _grown(roomy, "backend")


def test_a_session_that_wrote_holds_the_horizon_though_it_has_no_snapshot(
    roomy: Server, session: Callable[..., psycopg.Connection]
) -> None:
    subject = session()
    subject.execute("BEGIN; SELECT txid_current()")
    _grown(roomy, "backend")


def test_a_session_idle_in_a_transaction_that_wrote_nothing_holds_nothing(
    roomy: Server, session: Callable[..., psycopg.Connection]
) -> None:
    session().execute("BEGIN; SELECT 1")
    with connect(roomy.monitor_dsn()) as monitor:
        assert _holders(monitor)["backend"] == (0, None)


def test_a_vacuum_holds_nothing_though_it_shows_a_snapshot(
    roomy: Server, database: str, session: Callable[..., psycopg.Connection]
) -> None:
    roomy.execute("CREATE TABLE t AS SELECT a FROM generate_series(1, 20000) AS a", database)
    subject = session()
    subject.execute("SET vacuum_cost_delay = '100ms'; SET vacuum_cost_limit = 1")
    start(subject, "VACUUM t", roomy, "backend_xmin IS NOT NULL AND wait_event = 'VacuumDelay'")
    try:
        with connect(roomy.monitor_dsn()) as monitor:
            assert _holders(monitor)["backend"] == (0, None)
    finally:
        finish(subject)


def test_a_prepared_transaction_holds_the_horizon_and_is_counted_with_its_age(
    roomy: Server, database: str, session: Callable[..., psycopg.Connection]
) -> None:
    subject = session()
    subject.execute(f"BEGIN; SELECT txid_current(); PREPARE TRANSACTION '{database}'".encode())
    try:
        _grown(roomy, "prepared_transaction")
        answer = ask("prepared_transactions", roomy)
        [(age,)] = roomy.execute(
            "SELECT extract(epoch FROM clock_timestamp() - prepared)::float8 FROM pg_prepared_xacts"
        )
    finally:
        subject.execute(f"ROLLBACK PREPARED '{database}'".encode())
    assert answer.value("pg_prepared_transactions", datname=database) == 1
    assert answer.value("pg_prepared_transactions", datname="postgres") == 0
    said = answer.value("pg_prepared_transactions_oldest_age_seconds", datname=database)
    assert said is not None
    assert isinstance(age, float)
    assert 0 < said <= age


def test_a_logical_slot_holds_the_horizon_of_the_catalogues(roomy: Server, database: str) -> None:
    roomy.execute(f"SELECT pg_create_logical_replication_slot('{database}', 'pgoutput')", database)
    try:
        _grown(roomy, "slot_catalog")
    finally:
        roomy.execute(f"SELECT pg_drop_replication_slot('{database}')")


def _give_feedback(server: Server, connection: psycopg.Connection, slot: str = "") -> None:
    """Begin to stream, and say as a standby with hot_standby_feedback does which rows its queries need."""
    [(xmin,)] = server.execute("SELECT txid_snapshot_xmin(txid_current_snapshot())")
    assert isinstance(xmin, int)
    [[position]] = server.execute("SELECT pg_current_wal_flush_lsn()::text")
    command = f"START_REPLICATION {slot and f'SLOT {slot}'} PHYSICAL {position}"
    result = connection.pgconn.exec_(command.encode())
    assert result.status == pq.ExecStatus.COPY_BOTH
    # Source: the manual, "Streaming Replication Protocol", Hot Standby feedback message.
    connection.pgconn.put_copy_data(struct.pack(">cqIIII", b"h", 0, xmin & 0xFFFFFFFF, xmin >> 32, 0, 0))
    connection.pgconn.flush()


def test_a_standby_that_gives_feedback_holds_the_horizon(roomy: Server) -> None:
    connection = psycopg.connect(roomy.dsn(), autocommit=True, replication="true")
    try:
        _give_feedback(roomy, connection)
        until(roomy, "EXISTS (SELECT FROM pg_stat_replication WHERE backend_xmin IS NOT NULL)")
        _grown(roomy, "standby_feedback")
    finally:
        connection.close()
        until(roomy, "NOT EXISTS (SELECT FROM pg_stat_replication)")


def test_the_feedback_of_a_standby_with_a_slot_is_held_by_the_slot(roomy: Server, database: str) -> None:
    """And outlives the standby."""
    roomy.execute(f"SELECT pg_create_physical_replication_slot('{database}', true)")
    connection = psycopg.connect(roomy.dsn(), autocommit=True, replication="true")
    try:
        _give_feedback(roomy, connection, database)
        until(roomy, "EXISTS (SELECT FROM pg_replication_slots WHERE xmin IS NOT NULL)")
        _grown(roomy, "slot")
        connection.close()
        until(roomy, "NOT EXISTS (SELECT FROM pg_stat_replication)")
        _grown(roomy, "slot")
    finally:
        connection.close()
        until(roomy, "NOT EXISTS (SELECT FROM pg_stat_replication)")
        roomy.execute(f"SELECT pg_drop_replication_slot('{database}')")


def test_a_walsender_that_exports_a_snapshot_holds_the_horizon_as_such(roomy: Server, database: str) -> None:
    connection = psycopg.connect(roomy.dsn(database), autocommit=True, replication="database")
    try:
        create = f"CREATE_REPLICATION_SLOT {database} TEMPORARY LOGICAL pgoutput"
        connection.pgconn.exec_(create.encode())
        with connect(roomy.monitor_dsn()) as monitor:
            held = _holders(monitor)
        assert (held["walsender"][0], held["slot_catalog"][0]) == (1, 1)
        assert held["standby_feedback"] == (0, None)
    finally:
        connection.close()
        until(roomy, "NOT EXISTS (SELECT FROM pg_replication_slots)")
