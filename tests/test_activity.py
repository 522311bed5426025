"""What the shipped queries say of sessions, and of what they hold and come from, is what was made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import psycopg
import pytest

from servers import Server
from sessions import SESSION_KINDS, finish, opener, start, until
from shipped import ask, ask_on, connect, fresh_database, fresh_role


@pytest.fixture
def database(roomy: Server) -> Iterator[str]:
    with fresh_database(roomy) as name:
        yield name


@pytest.fixture
def session(roomy: Server, database: str) -> Iterator[Callable[..., psycopg.Connection]]:
    """A function that opens one more session of the superuser in `database`."""
    with opener(roomy, database) as open_one:
        yield open_one


def test_a_role_without_statistics_sees_slots_and_no_sessions_that_hold(roomy: Server) -> None:
    with fresh_role(roomy) as (name, password):
        answer = ask("xmin_horizon", roomy, dsn=roomy.dsn(user=name, password=password))
        assert [answer.value("pg_xmin_holders", holder=kind) for kind in SESSION_KINDS] == [None] * 4
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
        until(a_server, f"now() - state_change > '10 s' FROM pg_stat_activity WHERE pid = {pid}")
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
        until(
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
