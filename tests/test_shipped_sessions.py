"""What the shipped queries say about sessions, connections and locks is what really happens on the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import pq

from servers import Server
from sessions import finish, start
from shipped import ask, ask_on, connect, fresh_database, fresh_role

_AGES = "pg_stat_activity_oldest_{}_age_seconds"


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        yield name


@pytest.fixture
def session(server: Server, database: str) -> Iterator[Callable[[], psycopg.Connection]]:
    """A function that opens one more session of the superuser in `database`."""
    with ExitStack() as stack:

        def open_one() -> psycopg.Connection:
            dsn = server.dsn(database)
            connection = psycopg.connect(dsn, autocommit=True, application_name="subject")
            return stack.enter_context(connection)

        yield open_one


def _between(
    server: Server, connection: psycopg.Connection, age_of: str, ask_it: Callable[[], object]
) -> None:
    """Assert that an age lies between what the server says of that session just before and just after."""
    age = f"extract(epoch FROM clock_timestamp() - {age_of})::float8"
    own = f"SELECT {age} FROM pg_stat_activity WHERE pid = %s".encode()
    with psycopg.connect(server.dsn(), autocommit=True) as observer:
        [before] = observer.execute(own, [connection.info.backend_pid]).fetchone() or [None]
        answer = ask_it()
        [after] = observer.execute(own, [connection.info.backend_pid]).fetchone() or [None]
    assert isinstance(answer, float)
    assert before is not None
    assert after is not None
    assert before <= answer <= after


def test_sessions_are_counted_under_all_they_show(
    server: Server, database: str, session: Callable[[], psycopg.Connection]
) -> None:
    session(), session()
    idle = {"datname": database, "usename": server.superuser, "state": "idle"}
    answer = ask("stat_activity", server)
    assert answer.value("pg_stat_activity_sessions", **idle, backend_type="client backend") == 2


def test_background_processes_are_counted_without_database_and_state(server: Server) -> None:
    answer = ask("stat_activity", server)
    assert answer.value("pg_stat_activity_sessions", datname="", state="", backend_type="checkpointer") == 1


def test_the_session_that_asks_is_not_counted(server: Server, database: str) -> None:
    assert ask("stat_activity", server, database).values("pg_stat_activity_sessions", datname=database) == []
    assert ask("pg_locks", server, database).values("pg_locks", datname=database) == []


def test_the_age_of_a_transaction_is_the_time_since_it_began(
    server: Server, database: str, session: Callable[[], psycopg.Connection]
) -> None:
    subject = session()
    subject.execute("BEGIN")
    _between(
        server,
        subject,
        "xact_start",
        lambda: ask("activity_ages", server).value(_AGES.format("transaction"), datname=database),
    )


@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT 1 / 0"], ids=["open", "aborted"])
def test_an_open_transaction_is_idle_since_its_last_statement_ended(
    server: Server, database: str, session: Callable[[], psycopg.Connection], statement: str
) -> None:
    subject = session()
    subject.execute("BEGIN")
    try:
        subject.execute(statement.encode())
    except psycopg.errors.DivisionByZero:
        assert subject.info.transaction_status == pq.TransactionStatus.INERROR
    _between(
        server,
        subject,
        "state_change",
        lambda: ask("activity_ages", server).value(_AGES.format("idle_in_transaction"), datname=database),
    )


def test_a_running_query_has_an_age_and_what_it_waits_for(
    server: Server, database: str, session: Callable[[], psycopg.Connection]
) -> None:
    subject = session()
    start(subject, "SELECT pg_sleep(60)", server, "wait_event = 'PgSleep'")
    try:
        _between(
            server,
            subject,
            "query_start",
            lambda: ask("activity_ages", server).value(_AGES.format("query"), datname=database),
        )
        waits = ask("wait_events", server)
        asleep = {"datname": database, "backend_type": "client backend", "wait_event_type": "Timeout"}
        assert waits.value("pg_stat_activity_active_sessions", **asleep) == 1
    finally:
        finish(subject)


def test_sessions_at_rest_have_ages_of_0(
    server: Server, database: str, session: Callable[[], psycopg.Connection]
) -> None:
    session()
    answer = ask("activity_ages", server)
    for what in ("transaction", "idle_in_transaction", "query"):
        assert answer.values(_AGES.format(what), datname=database) == [0]


def test_what_is_hidden_from_a_role_is_not_reported_as_0(
    server: Server, session: Callable[[], psycopg.Connection]
) -> None:
    """A role without pg_monitor sees neither state nor type nor waits of other roles' sessions."""
    session().execute("BEGIN")
    with fresh_role(server) as (name, password):
        dsn = server.dsn(user=name, password=password)
        with connect(dsn):  # a session of its own role it does see; that one alone must not be the answer
            for query in ("activity_ages", "wait_events", "blocking"):
                assert ask(query, server, dsn=dsn).families == ()
            connections = ask("connections", server, dsn=dsn)
            databases = ask("database_connections", server, dsn=dsn)
            roles = ask("role_connections", server, dsn=dsn)
    assert connections.value("pg_connections_max") is not None
    assert connections.value("pg_connections_used") is None
    assert connections.value("pg_connections_remaining") is None
    assert databases.values("pg_database_connections") == []
    assert roles.values("pg_roles_connections") == []


def test_used_connections_are_those_of_clients(
    server: Server, session: Callable[[], psycopg.Connection]
) -> None:
    """Counted by somebody else before and after, until nobody came or went in between."""
    count = b"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    with connect(server.monitor_dsn()) as monitor:
        subject = session()
        for _ in range(1_000):
            before = subject.execute(count).fetchone()
            used = ask_on(monitor, "connections").value("pg_connections_used")
            if subject.execute(count).fetchone() == before:
                break
    assert (used,) == before


def test_reserved_connections_are_absent_before_they_exist(server: Server) -> None:
    reserved = ask("connections", server).value("pg_connections_reserved")
    assert reserved == (0 if server.major >= 16 else None)


def test_connections_are_refused_exactly_when_none_remains(a_server: Server) -> None:
    """An ordinary role is refused then, though the places of superusers are still free."""
    with fresh_role(a_server) as (name, password), connect(a_server.monitor_dsn()) as monitor:
        dsn = a_server.dsn(user=name, password=password)
        with ExitStack() as stack:
            while ask_on(monitor, "connections").value("pg_connections_remaining"):
                stack.enter_context(psycopg.connect(dsn, autocommit=True))
            with pytest.raises(psycopg.OperationalError, match=r"reserved|too many"):
                psycopg.connect(dsn)
            answer = ask_on(monitor, "connections")
            assert answer.value("pg_connections_remaining") == 0
            reserved = answer.value("pg_connections_superuser_reserved")
            assert reserved == (answer.value("pg_connections_max") or 0) - (
                answer.value("pg_connections_used") or 0
            )
        # The server lets go of a session a moment after its client has: the next test needs the places.
        left = f"SELECT 1 FROM pg_stat_activity WHERE usename = '{name}'"
        for _ in range(20_000):
            if not a_server.execute(left):
                break


def test_limits_stand_beside_what_is_used(server: Server, database: str) -> None:
    with fresh_role(server, "CONNECTION LIMIT 7") as (name, password):
        server.execute(f"ALTER DATABASE {database} CONNECTION LIMIT 5")
        with psycopg.connect(server.dsn(database, name, password)):
            databases, roles = ask("database_connections", server), ask("role_connections", server)
        assert databases.value("pg_database_connection_limit", datname=database) == 5
        assert databases.value("pg_database_connections", datname=database) == 1
        assert roles.value("pg_roles_connection_limit", rolname=name) == 7
        assert roles.value("pg_roles_connections", rolname=name) == 1


def test_a_limit_nobody_uses_has_0_connections(server: Server, database: str) -> None:
    server.execute(f"ALTER DATABASE {database} CONNECTION LIMIT 5")
    answer = ask("database_connections", server)
    assert answer.value("pg_database_connections", datname=database) == 0


def test_no_limit_is_absence_not_minus_1(
    server: Server, database: str, session: Callable[[], psycopg.Connection]
) -> None:
    session()
    answer = ask("database_connections", server)
    assert answer.value("pg_database_connections", datname=database) == 1
    assert answer.value("pg_database_connection_limit", datname=database) is None
    assert (
        ask("role_connections", server).value("pg_roles_connection_limit", rolname=server.superuser) is None
    )


def test_a_queue_for_a_table_is_one_tree(
    server: Server, database: str, session: Callable[[], psycopg.Connection]
) -> None:
    """One session idle in a transaction holds the table, two wait, the second behind the first."""
    holder, first, second = session(), session(), session()
    holder.execute("CREATE TABLE busy (a int)")
    holder.execute("BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE")
    waiting = "wait_event_type = 'Lock'"
    start(first, "ALTER TABLE busy ADD b int", server, waiting)
    start(second, "SELECT * FROM busy", server, waiting)
    try:
        blocking, locks = ask("blocking", server), ask("pg_locks", server)
    finally:
        finish(second)
        finish(first)
    assert blocking.value("pg_blocked_sessions") == 2
    assert blocking.value("pg_blocking_largest_tree_sessions") == 2
    assert blocking.value("pg_blocking_depth") == 2
    assert blocking.value("pg_blocking_cycle_sessions") == 0
    assert blocking.value("pg_blocking_roots", state="idle in transaction") == 1
    assert sum(blocking.values("pg_blocking_roots")) == 1
    relation = {"datname": database, "locktype": "relation"}
    assert locks.value("pg_locks", **relation, mode="AccessExclusiveLock", granted="false") == 1
    assert locks.value("pg_locks", **relation, mode="AccessShareLock", granted="false") == 1
    assert locks.value("pg_locks", **relation, mode="AccessShareLock", granted="true") == 1


def test_a_chain_of_advisory_locks_is_as_deep_as_it_is_long(
    server: Server, session: Callable[[], psycopg.Connection]
) -> None:
    """The holder is idle outside a transaction, the middle one both blocks and waits."""
    holder, middle, last = session(), session(), session()
    holder.execute("SELECT pg_advisory_lock(1)")
    middle.execute("SELECT pg_advisory_lock(2)")
    waiting = "wait_event_type = 'Lock'"
    start(middle, "SELECT pg_advisory_lock(1)", server, waiting)
    start(last, "SELECT pg_advisory_lock(2)", server, waiting)
    try:
        blocking = ask("blocking", server)
    finally:
        finish(last)
        finish(middle)
    assert blocking.value("pg_blocked_sessions") == 2
    assert blocking.value("pg_blocking_depth") == 2
    assert blocking.value("pg_blocking_roots", state="idle") == 1
    assert sum(blocking.values("pg_blocking_roots")) == 1


def test_a_server_without_waits_says_0(server: Server) -> None:
    blocking = ask("blocking", server)
    assert blocking.values("pg_blocked_sessions") == [0]
    assert blocking.values("pg_blocking_longest_wait_seconds") == [0]
    assert set(blocking.values("pg_blocking_roots")) == {0}
