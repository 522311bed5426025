"""What the shipped queries say of lock queues that were made on purpose, as long and as deep as told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import psycopg
import pytest

from exporter.derive import DERIVATIONS
from servers import Server
from sessions import finish, start, until
from shipped import QUERIES, ask, connect, fresh_database, run


@pytest.fixture
def database(roomy: Server) -> Iterator[str]:
    with fresh_database(roomy) as name:
        yield name


class Queue:
    """Sessions of the superuser in one database, some of which wait."""

    def __init__(self, server: Server, database: str, stack: ExitStack) -> None:
        self._server = server
        self._database = database
        self._stack = stack

    def join(self, name: str = "subject") -> psycopg.Connection:
        """Open one more session, in which no deadlock is looked for."""
        connection = psycopg.connect(
            self._server.dsn(self._database),
            autocommit=True,
            application_name=name,
            options="-c deadlock_timeout=10min",
        )
        return self._stack.enter_context(connection)

    def wait(self, connection: psycopg.Connection, sql: str) -> None:
        """Let a session wait until the test is over."""
        start(connection, sql, self._server, "wait_event_type = 'Lock'")
        self._stack.callback(finish, connection)

    def send(self, connection: psycopg.Connection, sql: str) -> None:
        """Do the same without looking whether it waits already; see `until`."""
        connection.pgconn.send_query(sql.encode())
        connection.pgconn.flush()
        self._stack.callback(finish, connection)

    def until(self, waiters: int) -> None:
        """Return when so many wait."""
        waiting = f"wait_event_type = 'Lock' AND datname = '{self._database}'"
        with psycopg.connect(self._server.dsn(), autocommit=True) as observer:
            for _ in range(20_000):
                [count] = observer.execute(
                    f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}".encode()
                ).fetchone() or [None]
                if count == waiters:
                    return
        raise AssertionError(f"never seen: {waiters} waiters")


@pytest.fixture
def queue(roomy: Server, database: str) -> Iterator[Queue]:
    with ExitStack() as stack:
        yield Queue(roomy, database, stack)


def _line_up(queue: Queue, waiters: int, depth: int) -> None:
    """Make a chain of `depth` sessions, each waiting for the one before; others wait for the first lock."""
    queue.join().execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
    sessions = [queue.join() for _ in range(waiters)]
    for place, session in enumerate(sessions[:depth], start=2):
        session.execute(f"SELECT pg_advisory_lock({place})".encode())
    for place, session in enumerate(sessions, start=1):
        queue.send(session, f"SELECT pg_advisory_lock({place if place <= depth else 1})")
    queue.until(waiters)


def _tree(server: Server, database: str, **parameters: str) -> list[Mapping[str, object]]:
    """Return the rows that are kept as evidence, by column."""
    with connect(server.monitor_dsn(database)) as connection:
        for name, value in parameters.items():
            connection.execute("SELECT set_config(%s, %s, false)", (f"pg_oauth_exporter.{name}", value))
        rows, _ = DERIVATIONS["blocking_evidence"](run(connection, QUERIES["blocking_evidence"]), None, 0.0)
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]


@pytest.mark.parametrize(
    ("waiters", "depth"), [(1, 1), (2, 1), (2, 2), (3, 3), (4, 4), (5, 5), (50, 1), (50, 5)]
)
def test_a_queue_is_as_long_and_as_deep_as_it_was_made(
    roomy: Server, database: str, queue: Queue, waiters: int, depth: int
) -> None:
    _line_up(queue, waiters, depth)
    blocking = ask("blocking", roomy)
    assert blocking.value("pg_blocked_sessions") == waiters
    assert blocking.value("pg_blocking_largest_tree_sessions") == waiters
    assert blocking.value("pg_blocking_depth") == depth
    assert blocking.value("pg_blocking_cycle_sessions") == 0
    assert blocking.value("pg_blocking_roots", state="idle in transaction") == 1
    assert sum(blocking.values("pg_blocking_roots")) == 1
    kinds = ask("lock_waiters", roomy)
    assert kinds.value("pg_lock_waiters", datname=database, wait_event="advisory") == waiters
    assert kinds.value("pg_lock_waiters", datname=database, wait_event="relation") == 0
    tree = _tree(roomy, database)
    assert len(tree) == waiters + 1
    assert {row["depth"] for row in tree} == set(range(depth + 1))


def test_two_sessions_that_wait_for_each_other_are_a_cycle_until_the_deadlock_check(
    roomy: Server, database: str, queue: Queue
) -> None:
    one, two, behind = queue.join(), queue.join(), queue.join()
    one.execute("SELECT pg_advisory_lock(1)")
    two.execute("SELECT pg_advisory_lock(2)")
    queue.wait(one, "SELECT pg_advisory_lock(2)")
    queue.wait(two, "SELECT pg_advisory_lock(1)")
    queue.wait(behind, "SELECT pg_advisory_lock(1)")
    blocking = ask("blocking", roomy)
    assert blocking.value("pg_blocked_sessions") == 3
    assert blocking.value("pg_blocking_cycle_sessions") == 3
    assert sum(blocking.values("pg_blocking_roots")) == 0
    assert [row["depth"] for row in _tree(roomy, database)] == [None] * 3


def test_a_prepared_transaction_is_a_root_and_the_evidence_names_it(
    roomy: Server, database: str, queue: Queue
) -> None:
    """And not the other one, which holds what nobody waits for."""
    holder, waiter = queue.join(), queue.join()
    for name in ("busy", "idle"):
        holder.execute(f"CREATE TABLE {name} (a int)".encode())
        holder.execute(f"BEGIN; LOCK TABLE {name}; PREPARE TRANSACTION '{database} {name}'".encode())
    try:
        queue.wait(waiter, "SELECT * FROM busy")
        blocking = ask("blocking", roomy)
        root, blocked = _tree(roomy, database)
    finally:
        for name in ("busy", "idle"):
            holder.execute(f"ROLLBACK PREPARED '{database} {name}'".encode())
    assert blocking.value("pg_blocking_roots", state="prepared transaction") == 1
    assert sum(blocking.values("pg_blocking_roots")) == 1
    assert (root["pid"], root["state"], root["prepared"], root["blocks"]) == (
        0,
        "prepared transaction",
        f"{database} busy",
        1,
    )
    assert (blocked["depth"], blocked["waits_for"], blocked["relation"]) == (1, [0], "public.busy")
    assert (root["remedy"], blocked["remedy"]) == (f"rollback prepared '{database} busy'", None)


def test_the_evidence_says_who_waits_for_whom_and_for_what(
    roomy: Server, database: str, queue: Queue
) -> None:
    """The second waits for the row's transaction, the third for the second's place on the row."""
    holder, second, third = queue.join("web"), queue.join("batch"), queue.join("report")
    holder.execute('CREATE TABLE "Odd name" (a int); INSERT INTO "Odd name" VALUES (1)')
    holder.execute('BEGIN; UPDATE "Odd name" SET a = 2')
    for waiter in (second, third):
        queue.wait(waiter, 'UPDATE "Odd name" SET a = 3')
    tree = _tree(roomy, database)
    assert [(row["depth"], row["application_name"], row["state"]) for row in tree] == [
        (0, "web", "idle in transaction"),
        (1, "batch", "active"),
        (2, "report", "active"),
    ]
    assert [row["pid"] for row in tree] == [each.info.backend_pid for each in (holder, second, third)]
    assert [row["lock"] for row in tree] == [None, "transactionid ShareLock", "tuple ExclusiveLock"]
    assert [row["relation"] for row in tree[1:]] == ['public."Odd name"'] * 2
    assert {row["usename"] for row in tree} == {roomy.superuser}
    assert all(isinstance(row["transaction_seconds"], float) for row in tree)
    waiting = [isinstance(row["waiting_seconds"], float) for row in tree]
    assert waiting == [False, *[roomy.major >= 14] * 2]


@pytest.mark.parametrize(
    "held", ["BEGIN; SELECT pg_advisory_xact_lock(1)", "SELECT pg_advisory_lock(1)", None]
)
def test_the_evidence_says_what_ends_the_root_and_it_does(
    roomy: Server, database: str, queue: Queue, held: str | None
) -> None:
    """One that holds it idle in a transaction, one outside, and one that is busy and only cancelled."""
    holder, waiter = queue.join("holder"), queue.join()
    if held is None:
        start(holder, "SELECT pg_advisory_xact_lock(1), pg_sleep(600)", roomy, "wait_event = 'PgSleep'")
    else:
        holder.execute(held.encode())
    start(waiter, "SELECT pg_advisory_lock(1)", roomy, "wait_event_type = 'Lock'")
    root, blocked = _tree(roomy, database)
    assert blocked["remedy"] is None
    assert ("cancel" in str(root["remedy"])) is (held is None)
    assert roomy.execute(str(root["remedy"])) == [(True,)]
    until(roomy, f"state = 'idle' FROM pg_stat_activity WHERE pid = {waiter.info.backend_pid}")
    finish(waiter)
    holder.pgconn.finish()  # psycopg would miss a farewell


def test_the_text_of_a_query_is_not_read_unless_the_configuration_says_so(
    roomy: Server, database: str, queue: Queue
) -> None:
    _line_up(queue, 1, 1)
    assert {row["query"] for row in _tree(roomy, database)} == {None}
    told = {row["query"] for row in _tree(roomy, database, query_text="on")}
    assert told == {"BEGIN; SELECT pg_advisory_xact_lock(1)", "SELECT pg_advisory_lock(1)"}


def test_nobody_waiting_is_no_evidence_and_no_lock_is_read(roomy: Server, database: str) -> None:
    assert _tree(roomy, database) == []
    with connect(roomy.monitor_dsn(database)) as connection:
        sql = QUERIES["blocking_evidence"].sql_for(roomy.major) or ""
        plan = connection.execute(b"EXPLAIN (ANALYZE, TIMING OFF) " + sql.encode()).fetchall()
    [scan] = [line for (line,) in plan if "pg_lock_status" in line]
    assert "never executed" in scan


def test_all_modes_of_table_locks_are_there_and_one_that_is_held_is_1(
    roomy: Server, database: str, queue: Queue
) -> None:
    holder = queue.join()
    holder.execute("CREATE TABLE busy (a int)")
    holder.execute("BEGIN; LOCK TABLE busy IN SHARE MODE")
    locks = ask("pg_locks", roomy)
    table = {"datname": database, "locktype": "relation"}
    assert len(locks.values("pg_locks", **table)) == 16
    assert locks.value("pg_locks", **table, mode="ShareLock", granted="true") == 1
    assert sum(locks.values("pg_locks", **table)) == 1


def test_the_usage_of_the_lock_table_grows_by_the_locks_in_it(
    roomy: Server, database: str, queue: Queue
) -> None:
    """Advisory locks never take the fast path."""
    limits = "current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int"
    [(size,)] = roomy.execute(f"SELECT {limits} + current_setting('max_prepared_transactions')::int)")
    before = ask("pg_locks", roomy, database).value("pg_locks_table_usage_ratio")
    queue.join().execute("SELECT count(pg_advisory_lock(n)) FROM generate_series(1, 576) AS n")
    after = ask("pg_locks", roomy, database).value("pg_locks_table_usage_ratio")
    assert size == 64 * 90
    assert before is not None
    assert after is not None
    assert abs(after - before - 0.1) < 0.002
