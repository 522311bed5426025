"""What the shipped queries say of sessions, and of what they hold and come from, is what was made."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import pq

from servers import Server
from sessions import finish, start
from shipped import ask, ask_on, connect, fresh_database, fresh_role

_SESSION_KINDS = ("backend", "standby_feedback", "walsender", "other")


@pytest.fixture
def database(roomy: Server) -> Iterator[str]:
    with fresh_database(roomy) as name:
        yield name


@pytest.fixture
def session(roomy: Server, database: str) -> Iterator[Callable[..., psycopg.Connection]]:
    """A function that opens one more session of the superuser in `database`."""
    with ExitStack() as stack:

        def open_one(name: str = "subject") -> psycopg.Connection:
            connection = psycopg.connect(roomy.dsn(database), autocommit=True, application_name=name)
            return stack.enter_context(connection)

        yield open_one


def _holders(monitor: psycopg.Connection) -> dict[str, tuple[object, object]]:
    """Return number and age of those who hold the horizon, by kind."""
    answer = ask_on(monitor, "xmin_horizon")
    number, age = "pg_xmin_holders", "pg_xmin_age_transactions"
    return {
        kind: (answer.value(number, holder=kind), answer.value(age, holder=kind))
        for kind in (*_SESSION_KINDS, "slot", "slot_catalog", "prepared_transaction")
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


def _until(server: Server, condition: str) -> None:
    for _ in range(20_000):
        if server.execute(f"SELECT {condition}") == [(True,)]:
            return
    raise AssertionError(f"never seen: {condition}")


def test_a_standby_that_gives_feedback_holds_the_horizon(roomy: Server) -> None:
    connection = psycopg.connect(roomy.dsn(), autocommit=True, replication="true")
    try:
        _give_feedback(roomy, connection)
        _until(roomy, "EXISTS (SELECT FROM pg_stat_replication WHERE backend_xmin IS NOT NULL)")
        _grown(roomy, "standby_feedback")
    finally:
        connection.close()
        _until(roomy, "NOT EXISTS (SELECT FROM pg_stat_replication)")


def test_the_feedback_of_a_standby_with_a_slot_is_held_by_the_slot(roomy: Server, database: str) -> None:
    """And outlives the standby."""
    roomy.execute(f"SELECT pg_create_physical_replication_slot('{database}', true)")
    connection = psycopg.connect(roomy.dsn(), autocommit=True, replication="true")
    try:
        _give_feedback(roomy, connection, database)
        _until(roomy, "EXISTS (SELECT FROM pg_replication_slots WHERE xmin IS NOT NULL)")
        _grown(roomy, "slot")
        connection.close()
        _until(roomy, "NOT EXISTS (SELECT FROM pg_stat_replication)")
        _grown(roomy, "slot")
    finally:
        connection.close()
        _until(roomy, "NOT EXISTS (SELECT FROM pg_stat_replication)")
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
        _until(roomy, "NOT EXISTS (SELECT FROM pg_replication_slots)")


def test_a_role_without_statistics_sees_slots_and_no_sessions_that_hold(roomy: Server) -> None:
    with fresh_role(roomy) as (name, password):
        answer = ask("xmin_horizon", roomy, dsn=roomy.dsn(user=name, password=password))
        assert [answer.value("pg_xmin_holders", holder=kind) for kind in _SESSION_KINDS] == [None] * 4
        assert answer.value("pg_xmin_holders", holder="slot") == 0
        dsn = roomy.dsn(user=name, password=password)
        for query in ("activity_long", "user_sessions", "application_sessions", "session_encryption"):
            assert ask(query, roomy, dsn=dsn).families == ()
        for query in ("lock_waiters", "parallel_queries", "pools"):
            assert ask(query, roomy, dsn=dsn).families == ()


def test_long_transactions_are_counted_above_each_threshold_that_they_passed(
    roomy: Server, database: str, session: Callable[..., psycopg.Connection]
) -> None:
    """What began a moment ago has passed none."""
    session().execute("BEGIN; SELECT 1")
    labels = {"datname": database, "usename": roomy.superuser}
    answer = ask("activity_long", roomy)
    for family in ("transactions", "idle_in_transaction", "queries"):
        found = {
            age: answer.value(f"pg_stat_activity_long_{family}", **labels, longer_than=age)
            for age in ("10", "60", "300", "3600")
        }
        assert found == dict.fromkeys(found, 0)


@pytest.mark.slow
def test_a_transaction_of_more_than_ten_seconds_is_counted_there_and_not_above(
    a_server: Server, monitor: str
) -> None:
    with psycopg.connect(a_server.dsn(), autocommit=True, application_name="subject") as idle:
        idle.execute("BEGIN; SELECT 1")
        pid = idle.info.backend_pid
        _until(a_server, f"now() - state_change > '10 s' FROM pg_stat_activity WHERE pid = {pid}")
        answer = ask("activity_long", a_server, dsn=monitor)
    labels = {"datname": "postgres", "usename": a_server.superuser}
    for family, over in (("transactions", 1), ("idle_in_transaction", 1), ("queries", 0)):
        name = f"pg_stat_activity_long_{family}"
        assert (answer.value(name, **labels, longer_than="10") or 0) >= over
        assert answer.value(name, **labels, longer_than="60") == 0


def test_a_wait_is_counted_under_its_event_and_idle_sessions_are_not(
    roomy: Server, session: Callable[..., psycopg.Connection]
) -> None:
    asleep, _ = session(), session()
    start(asleep, "SELECT pg_sleep(60)", roomy, "wait_event = 'PgSleep'")
    try:
        answer = ask("wait_event_sessions", roomy)
    finally:
        finish(asleep)
    family = "pg_stat_activity_wait_event_sessions"
    assert answer.value(family, wait_event_type="Timeout", wait_event="PgSleep") == 1
    assert answer.value(family, wait_event="ClientRead") is None
    assert answer.values(family, wait_event_type="Activity") == []


def test_sessions_are_counted_by_what_clients_call_themselves_and_who_they_are(
    roomy: Server, session: Callable[..., psycopg.Connection]
) -> None:
    session("web").execute("BEGIN; SELECT 1")
    session("web")
    applications, users = ask("application_sessions", roomy), ask("user_sessions", roomy)
    assert applications.value("pg_application_sessions", application_name="web") == 2
    assert applications.value("pg_application_idle_in_transaction_sessions", application_name="web") == 1
    assert applications.value("pg_application_active_sessions", application_name="web") == 0
    assert users.value("pg_user_idle_in_transaction_sessions", usename=roomy.superuser) == 1


def test_pools_are_counted_by_the_patterns_of_the_configuration(
    roomy: Server, database: str, session: Callable[..., psycopg.Connection]
) -> None:
    """One that fits two counts in both, one that fits none is _other, and a state nobody is in is 0."""
    session("oauth2-web").execute("BEGIN; SELECT 1")
    session("oauth2-web"), session("oauth2-jobs"), session("psql")
    patterns = {"oauth2": "oauth2-%", "jobs": "%jobs", "un'used": "nobody\\_%"}
    with connect(roomy.monitor_dsn(database)) as monitor:
        monitor.execute("SELECT set_config('pg_oauth_exporter.pools', %s, false)", (json.dumps(patterns),))
        answer = ask_on(monitor, "pools")
    sessions = {
        (pool, state): answer.value("pg_pool_sessions", pool=pool, state=state)
        for pool in (*patterns, "_other")
        for state in ("idle", "idle in transaction", "active", "idle in transaction (aborted)")
    }
    other = sessions.pop(("_other", "idle"))
    assert other is not None
    assert other >= 1
    assert {place: count for place, count in sessions.items() if count} == {
        ("oauth2", "idle"): 2,
        ("oauth2", "idle in transaction"): 1,
        ("jobs", "idle"): 1,
    }
    longest = answer.value("pg_pool_longest_in_state_seconds", pool="jobs", state="idle")
    assert longest is not None
    assert answer.value("pg_pool_longest_in_state_seconds", pool="jobs", state="active") is None


def test_without_patterns_there_are_no_pools(roomy: Server) -> None:
    assert ask("pools", roomy).families == ()
    with connect(roomy.monitor_dsn()) as handed_on:
        handed_on.execute("SELECT set_config('pg_oauth_exporter.pools', '', false)")
        assert ask_on(handed_on, "pools").families == ()


def test_a_session_over_the_network_without_encryption_is_none(
    roomy: Server, database: str, session: Callable[..., psycopg.Connection]
) -> None:
    session()
    answer = ask("session_encryption", roomy)
    family = "pg_stat_activity_encryption_sessions"
    assert answer.value(family, datname=database, encryption="none", version="") == 1


def test_workers_of_a_parallel_query_are_counted_with_the_one_they_help(
    roomy: Server, database: str, session: Callable[..., psycopg.Connection]
) -> None:
    """Each sleeps at every row, so that there is time to look."""
    subject = session()
    subject.execute("CREATE TABLE big AS SELECT n FROM generate_series(1, 1000) AS n")
    subject.execute("ALTER TABLE big SET (parallel_workers = 2)")
    subject.execute("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0")
    subject.execute("SET parallel_leader_participation = off; SET min_parallel_table_scan_size = 0")
    subject.pgconn.send_query(b"SELECT count(*) FROM big WHERE pg_sleep(1) IS NOT NULL")
    subject.pgconn.flush()
    try:
        _until(
            roomy,
            "(SELECT count(*) = 2 FROM pg_stat_activity"
            f" WHERE backend_type = 'parallel worker' AND datname = '{database}')",
        )
        answer = ask("parallel_queries", roomy)
    finally:
        finish(subject)
    assert answer.value("pg_stat_activity_parallel_workers", datname=database) == 2
    assert answer.value("pg_stat_activity_parallel_queries", datname=database) == 1


def test_temporary_files_are_those_that_are_there_now(
    roomy: Server, session: Callable[..., psycopg.Connection]
) -> None:
    """A cursor keeps the file of its sort for as long as it is open."""
    subject = session()
    subject.execute("SET work_mem = '64kB'")
    subject.execute(
        "BEGIN; DECLARE c CURSOR FOR SELECT n FROM generate_series(1, 100000) AS n ORDER BY n DESC"
    )
    subject.execute("FETCH 1 FROM c")
    answer = ask("temporary_files", roomy)
    assert (answer.value("pg_temporary_files", spcname="pg_default") or 0) >= 1
    assert (answer.value("pg_temporary_files_size_bytes", spcname="pg_default") or 0) > 100_000
    subject.execute("ROLLBACK")
    assert ask("temporary_files", roomy).value("pg_temporary_files", spcname="pg_default") == 0


def test_the_share_of_connections_in_use_is_of_those_for_ordinary_roles(roomy: Server) -> None:
    answer = ask("connections", roomy)
    reserved = answer.value("pg_connections_reserved") or 0
    used = answer.value("pg_connections_used")
    assert used is not None
    assert reserved == (2 if roomy.major >= 16 else 0)
    assert answer.value("pg_connections_used_ratio") == pytest.approx(used / (80 - 3 - reserved))
