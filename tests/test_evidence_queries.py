"""Each kind of evidence is there when its state is, names who is behind it, and is empty otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import psycopg
import pytest

from servers import Server
from sessions import finish, opener, spend, start, until
from shipped import QUERIES, connect, fresh_database, run

Row = Mapping[str, object]
Open = Callable[..., psycopg.Connection]

KINDS = ("transactions", "statements", "xmin", "connections")
# As a number of seconds, so short that everything is long.
AT_ONCE = "0"
_PLACES = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0)
"""
_SECRET = "only-in-the-text-of-a-query"


@pytest.fixture
def database(roomy: Server) -> Iterator[str]:
    with fresh_database(roomy) as name:
        yield name


@pytest.fixture
def session(roomy: Server, database: str) -> Iterator[Open]:
    """A function that opens one more session of the superuser in `database`."""
    with opener(roomy, database) as open_one:
        yield open_one


def _rows(server: Server, kind: str, dsn: str | None = None, **parameters: str) -> list[Row]:
    """Return what is kept of one run, by column."""
    with connect(dsn or server.monitor_dsn()) as connection:
        for name, value in parameters.items():
            connection.execute("SELECT set_config(%s, %s, false)", (f"pg_oauth_exporter.{name}", value))
        rows = run(connection, QUERIES[f"{kind}_evidence"])
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_long_and_connections_are_free_there_is_no_row(roomy: Server, kind: str) -> None:
    assert _rows(roomy, kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_role_that_may_not_see_others_sessions_gets_no_row_instead_of_half_of_them(
    roomy: Server, database: str, session: Open, kind: str
) -> None:
    subject = session()
    subject.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    roomy.execute(f"CREATE ROLE {database} LOGIN PASSWORD 'x'")
    try:
        dsn = roomy.dsn(database, database, "x")
        assert _rows(roomy, kind, dsn, longer_than=AT_ONCE) == []
    finally:
        roomy.execute(f"DROP ROLE {database}")


def test_a_transaction_is_long_beyond_the_time_that_the_configuration_says(
    roomy: Server, session: Open
) -> None:
    session("web").execute("BEGIN; SELECT 1")
    assert _rows(roomy, "transactions") == []
    assert _rows(roomy, "transactions", longer_than="30.0") == []
    assert len(_rows(roomy, "transactions", longer_than=AT_ONCE)) == 1


def test_long_transactions_are_named_oldest_first_with_what_ends_them(
    roomy: Server, database: str, session: Open
) -> None:
    idle, busy = session("web"), session("batch")
    idle.execute("BEGIN; SELECT txid_current()")
    start(busy, "BEGIN; SELECT pg_sleep(600)", roomy, "wait_event = 'PgSleep'")
    try:
        first, second = _rows(roomy, "transactions", longer_than=AT_ONCE)
    finally:
        finish(busy)
    assert (first["pid"], second["pid"]) == (idle.info.backend_pid, busy.info.backend_pid)
    assert (first["application_name"], first["state"]) == ("web", "idle in transaction")
    assert (first["datname"], first["usename"]) == (database, "postgres")
    assert first["wait"] is None
    assert str(first["remedy"]).startswith("select pg_terminate_backend(pid) from pg_stat_activity")
    assert (second["state"], second["wait"]) == ("active", "Timeout: PgSleep")
    assert str(second["remedy"]).startswith("select pg_cancel_backend(pid) from pg_stat_activity")
    assert first["xmin_age"] is not None
    for row in (first, second):
        assert isinstance(row["transaction_seconds"], float)
        assert 0 < row["transaction_seconds"] < 60


@pytest.mark.parametrize("kind", ["transactions", "xmin"])
def test_what_ends_a_transaction_ends_that_one_and_none_that_came_after(
    roomy: Server, session: Open, kind: str
) -> None:
    subject = session()
    subject.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    [row] = _rows(roomy, kind, longer_than=AT_ONCE)
    subject.execute("COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    assert roomy.execute(str(row["remedy"])) == []
    [row] = _rows(roomy, kind, longer_than=AT_ONCE)
    assert roomy.execute(str(row["remedy"])) == [(True,)]
    until(roomy, f"NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {row['pid']})")
    subject.pgconn.finish()  # psycopg would miss a farewell


@pytest.mark.parametrize("kind", ["transactions", "statements"])
def test_who_waits_for_a_lock_is_not_the_one_to_end(roomy: Server, session: Open, kind: str) -> None:
    holder, waiter = session(), session("waiter")
    holder.execute("SELECT pg_advisory_lock(1)")
    start(waiter, "SELECT pg_advisory_lock(1)", roomy, "wait_event_type = 'Lock'")
    try:
        [row] = _rows(roomy, kind, longer_than=AT_ONCE)
    finally:
        finish(waiter)
    assert (row["application_name"], row["remedy"]) == ("waiter", None)
    assert row["inspect"] == f"select pg_blocking_pids({waiter.info.backend_pid})"


@pytest.mark.parametrize("kind", ["transactions", "xmin"])
def test_a_prepared_transaction_is_named_with_the_statement_that_ends_it(
    roomy: Server, database: str, session: Open, kind: str
) -> None:
    subject, name = session(), f"it's {database}"
    quoted = name.replace("'", "''")
    subject.execute(f"BEGIN; SELECT txid_current(); PREPARE TRANSACTION '{quoted}'".encode())
    try:
        [row] = _rows(roomy, kind, longer_than=AT_ONCE)
    finally:
        subject.execute(f"ROLLBACK PREPARED '{quoted}'".encode())
    assert (row["prepared" if kind == "transactions" else "name"], row["datname"]) == (name, database)
    assert row["remedy"] == f"rollback prepared '{quoted}'"


@pytest.mark.parametrize("query_text", ["off", "on"])
def test_sessions_that_run_the_same_statement_are_one_line_with_its_number(
    roomy: Server, session: Open, query_text: str
) -> None:
    """From 14 on; before, the server tells no number, and each session is a line of its own."""
    with ExitStack() as stack:
        for subject in (session("web"), session("web")):
            subject.execute("SET compute_query_id = on" if roomy.major >= 14 else "SELECT 1")
            sql = f"SELECT pg_sleep(600), '{_SECRET}'"
            start(subject, sql, roomy, "wait_event = 'PgSleep'")
            stack.callback(finish, subject)
        rows = _rows(roomy, "statements", longer_than=AT_ONCE, query_text=query_text)
        assert [roomy.execute(str(row["remedy"])) for row in rows] == [[(True,)]] * len(rows)
    assert [row["sessions"] for row in rows] == ([2] if roomy.major >= 14 else [1, 1])
    assert all((row["query_id"] is not None) is (roomy.major >= 14) for row in rows)
    assert all((_SECRET in str(row["query"])) is (query_text == "on") for row in rows)


def test_who_holds_the_horizon_comes_first_and_one_that_holds_nothing_is_not_there(
    roomy: Server, session: Open
) -> None:
    old, young, harmless = session("old"), session("young"), session("harmless")
    harmless.execute("BEGIN; SELECT 1")
    old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    roomy.execute("SELECT txid_current()")
    young.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    rows = _rows(roomy, "xmin", longer_than=AT_ONCE)
    assert [(row["holder"], row["application_name"]) for row in rows] == [
        ("session", "old"),
        ("session", "young"),
    ]


def test_a_slot_counts_from_its_age_and_is_named_whether_it_is_in_use(
    roomy: Server, database: str, session: Open
) -> None:
    """Here 100,000 transactions are subtransactions of one, which spends as many numbers."""
    roomy.execute(f"SELECT pg_create_logical_replication_slot('{database}', 'pgoutput')", database)
    burner = session()
    try:
        assert _rows(roomy, "xmin", longer_than="600.0") == []
        spend(burner, 100_001)
        [row] = _rows(roomy, "xmin", longer_than="600.0")
    finally:
        roomy.execute(f"SELECT pg_drop_replication_slot('{database}')")
    assert (row["holder"], row["name"], row["state"]) == ("logical slot", database, "not in use")
    assert isinstance(row["xmin_age"], int)
    assert row["xmin_age"] > 100_000
    assert row["remedy"] == f"select pg_drop_replication_slot('{database}')"


def test_who_holds_the_connections_is_told_above_70_percent_and_not_at_it(
    roomy: Server, database: str, session: Open
) -> None:
    [(places,)] = roomy.execute(_PLACES)
    assert isinstance(places, int)
    edge = 7 * places // 10
    clients = "FROM pg_stat_activity WHERE backend_type = 'client backend'"
    until(roomy, f"count(*) = 1 {clients}")
    for _ in range(edge - 1):
        session("oauth2-web")
    # With the session that asks, as many as the edge allows.
    until(roomy, f"count(*) = {edge} {clients}")
    assert _rows(roomy, "connections") == []
    session("oauth2-web")
    first, *others = _rows(roomy, "connections")
    assert (first["sessions"], first["application_name"], first["datname"]) == (edge, "oauth2-web", database)
    assert (first["usename"], first["state"]) == ("postgres", "idle")
    assert (first["used_in_all"], first["for_ordinary_roles"]) == (edge + 1, places)
    assert len(others) == 1
    doomed = str(first["remedy"]).replace("10 minutes", "0 seconds")
    assert roomy.execute(f"{doomed} LIMIT 1") == [(True,)]


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_gives_no_series(kind: str) -> None:
    query = QUERIES[f"{kind}_evidence"]
    assert (query.columns, query.evidence) == ((), kind)
