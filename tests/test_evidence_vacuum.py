"""The evidence of tables that autovacuum does not keep up with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import psycopg
import pytest

from exporter.evidence import Snapshot
from exporter.evidence_page import lines
from servers import Server
from sessions import finish, opener, spend, start
from shipped import QUERIES, connect, fresh_database, run

Open = Callable[..., psycopg.Connection]


@pytest.fixture
def database(roomy: Server) -> Iterator[str]:
    with fresh_database(roomy) as name:
        yield name


@pytest.fixture
def session(roomy: Server, database: str) -> Iterator[Open]:
    """A function that opens one more session of the superuser in `database`."""
    with opener(roomy, database) as open_one:
        yield open_one


def _rows(server: Server, database: str, dsn: str | None = None) -> list[Mapping[str, object]]:
    with connect(dsn or server.monitor_dsn(database)) as connection:
        rows = run(connection, QUERIES["vacuum_evidence"])
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]


def _die(server: Server, database: str, rows: int) -> None:
    """Make a table of which as many rows are dead; its trigger is 100, and nobody vacuums it."""
    server.execute(
        'CREATE TABLE "Odd name" (a int) WITH (autovacuum_enabled = off, autovacuum_vacuum_threshold = 100,'
        " autovacuum_vacuum_scale_factor = 0)",
        database,
    )
    server.execute(f'INSERT INTO "Odd name" SELECT g FROM generate_series(1, {rows}) AS g', database)
    server.execute('DELETE FROM "Odd name"', database)
    dead = f"(SELECT pg_stat_get_dead_tuples('\"Odd name\"'::regclass) = {rows})"
    with psycopg.connect(server.dsn(database), autocommit=True) as observer:
        for _ in range(20_000):
            if observer.execute(f"SELECT {dead}".encode()).fetchone() == (True,):
                return
    raise AssertionError("the statistics never came")


def test_a_table_is_shown_from_twice_the_trigger_on_and_not_at_it(roomy: Server, database: str) -> None:
    _die(roomy, database, 200)
    assert _rows(roomy, database) == []
    roomy.execute('DROP TABLE "Odd name"', database)
    _die(roomy, database, 201)
    [row] = _rows(roomy, database)
    assert (row["holder"], row["name"]) == ("table", 'public."Odd name"')
    assert (row["dead_rows"], row["dead_rows_at"]) == (201, 100)
    assert (row["is_autovacuum_off"], row["vacuum_pid"], row["locked_by"]) == (True, None, [])
    assert row["remedy"] == 'vacuum public."Odd name"'
    assert {"dead rows 201, due at 100", "autovacuum is switched off"} <= set(_facts(row))
    roomy.execute(str(row["remedy"]), database)
    deadline = time.monotonic() + 20
    while _rows(roomy, database):  # up to 14 statistics travel
        assert time.monotonic() < deadline


def test_a_table_is_shown_a_tenth_over_its_age_with_who_keeps_vacuum_out(
    roomy: Server, database: str, session: Open
) -> None:
    holder = session()
    holder.execute("CREATE TABLE old (a int) WITH (autovacuum_freeze_max_age = 100000)")
    holder.execute("BEGIN; LOCK TABLE old IN SHARE UPDATE EXCLUSIVE MODE")
    spend(session(), 109_000)
    assert _rows(roomy, database) == []
    spend(session(), 2_000)
    [row] = _rows(roomy, database)
    assert (row["name"], row["xid_age_at"]) == ("public.old", 100_000)
    assert isinstance(row["xid_age"], int)
    assert row["xid_age"] > 110_000
    assert row["locked_by"] == [holder.info.backend_pid]


def test_a_vacuum_that_is_at_the_table_is_told_and_not_taken_for_who_keeps_it_out(
    roomy: Server, database: str, session: Open
) -> None:
    _die(roomy, database, 2000)
    slow = session()
    slow.execute("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
    start(slow, 'VACUUM "Odd name"', roomy, "wait_event = 'VacuumDelay'")
    try:
        [row] = _rows(roomy, database)
    finally:
        finish(slow)
    assert (row["vacuum_pid"], row["locked_by"], row["remedy"]) == (slow.info.backend_pid, [], None)
    assert f"a vacuum is at it, pid {row['vacuum_pid']}: {row['vacuum_phase']}" in _facts(row)


def _facts(row: Mapping[str, object]) -> tuple[str, ...]:
    [line] = lines(Snapshot(0.0, (row,)))
    return line.facts


def test_a_role_that_may_not_see_sessions_gets_no_row(roomy: Server, database: str) -> None:
    _die(roomy, database, 201)
    roomy.execute(f"CREATE ROLE {database} LOGIN PASSWORD 'x'")
    try:
        assert _rows(roomy, database, roomy.dsn(database, database, "x")) == []
    finally:
        roomy.execute(f"DROP ROLE {database}")
