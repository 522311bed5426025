"""A SQLite target is read within its deadline, one read after the other, and says what it is."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from exporter import sqlite_file, sqlite_gateway
from exporter.engines import Engine
from exporter.errors import QueryError
from exporter.model import UNKNOWN_PAGES, OutcomeKind, Rows
from exporter.sqlite_gateway import SqliteGateway
from gateway import failure
from sqlite_files import NOW, execute, fetched, holding, insert, make, using

ENDLESS = "with recursive n as (select 1 as i union all select i + 1 from n) select max(i) from n"


def wrong(path: Path, sql: str, timeout: float = 5.0) -> tuple[OutcomeKind, float]:
    return using(path, lambda gateway: failure(gateway.fetch(sql, timeout=timeout)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "oauth2.db", "seed")


def test_the_facts_are_those_of_sqlite_and_the_file(path: Path) -> None:
    server = using(path, lambda gateway: gateway.server_info())
    assert (server.engine, server.version) == (Engine.SQLITE, sqlite3.sqlite_version)
    assert (server.database, server.databases, server.role) == ("oauth2.db", ("oauth2.db",), "")
    assert not server.in_recovery


def test_now_is_one_time_in_all_of_a_query(path: Path) -> None:
    rows = fetched(path, "select now() as a, now() - 1 as b")
    assert (rows.columns, rows.rows) == (("a", "b"), [(NOW, NOW - 1)])


def test_what_a_histogram_is_made_of_comes_as_lists_and_other_text_stays_text(path: Path) -> None:
    arrays = "json_array(1, 2.5) as x_bounds, '[' as z_buckets, null as w_bounds"
    sql = f"select {arrays}, '[1]' as y, x'c328' as raw"
    assert fetched(path, sql).rows == [([1, 2.5], "[", None, "[1]", "\ufffd(")]


def test_a_query_over_its_deadline_is_ended_and_the_next_one_runs(path: Path) -> None:
    async def work(gateway: SqliteGateway) -> tuple[OutcomeKind, float, Rows]:
        kind, seconds = await failure(gateway.fetch(ENDLESS, timeout=0.2))
        return kind, seconds, await gateway.fetch("select 1", timeout=5)

    kind, seconds, rows = using(path, work)
    assert (kind, rows.rows) == (OutcomeKind.TIMEOUT, [(1,)])
    assert 0.2 <= seconds < 0.9


def test_the_event_loop_goes_on_while_a_query_runs(path: Path) -> None:
    async def work(gateway: SqliteGateway) -> float:
        task = asyncio.create_task(failure(gateway.fetch(ENDLESS, timeout=0.5)))
        longest, last = 0.0, time.monotonic()
        while not task.done():
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        return longest

    assert using(path, work) < 0.25


def test_a_lock_is_waited_for_a_tenth_of_a_second_and_no_more(path: Path) -> None:
    with holding(path, "begin exclusive"):
        kind, seconds = wrong(path, "select count(*) from tokens")
    assert kind is OutcomeKind.LOCKED
    assert 0.1 <= seconds < 0.6


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("select * from nowhere", OutcomeKind.MISSING),
        ("select nowhere from tokens", OutcomeKind.MISSING),
        ("select nowhere()", OutcomeKind.MISSING),
        ("selec 1", OutcomeKind.SQL),
        ("select json_extract('{', '$')", OutcomeKind.SQL),
        ("delete from tokens", OutcomeKind.DENIED),
        ("select 1; select 2", OutcomeKind.SQL),
    ],
)
def test_what_sqlite_refuses_has_a_kind_and_a_line_without_the_query(
    path: Path, sql: str, kind: OutcomeKind
) -> None:
    with pytest.raises(QueryError) as caught:
        fetched(path, sql)
    assert caught.value.kind is kind
    assert "\n" not in str(caught.value)
    assert sql not in str(caught.value)


def test_a_file_system_that_hangs_costs_its_deadline_once_and_then_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the read comes back, others fail at once and start no thread; then all is as before."""
    hangs, started = Event(), []
    really = sqlite_file.opened

    def held_up(*args: object) -> sqlite3.Connection:
        started.append(args)
        hangs.wait(10)
        return really(*args)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(sqlite_gateway, "opened", held_up)
    monkeypatch.setattr(sqlite_gateway, "_GRACE_SECONDS", 0.1)

    async def work(gateway: SqliteGateway) -> list[tuple[OutcomeKind, float]]:
        found = [await failure(gateway.fetch("select 1", timeout=0.1)) for _ in range(3)]
        hangs.set()
        monkeypatch.setattr(sqlite_gateway, "opened", really)
        while True:
            try:
                await gateway.fetch("select 1", timeout=5)
            except QueryError:
                await asyncio.sleep(0.01)
            else:
                return found

    found = using(path, work)
    assert [kind for kind, _ in found] == [OutcomeKind.TIMEOUT] * 3
    assert found[0][1] >= 0.2
    assert all(seconds < 0.1 for _, seconds in found[1:])
    assert len(started) == 1


def test_closing_ends_a_query_that_runs(path: Path) -> None:
    async def work(gateway: SqliteGateway) -> tuple[OutcomeKind, float]:
        task = asyncio.create_task(failure(gateway.fetch(ENDLESS, timeout=30)))
        await asyncio.sleep(0.05)
        await gateway.close()
        return await task

    kind, seconds = using(path, work)
    assert (kind, seconds < 5) == (OutcomeKind.TIMEOUT, True)


@pytest.fixture
def large(path: Path) -> Path:
    """A file of more pages than its small tables have rows."""
    execute(path, "create table wide (a)", "create view seen as select a from wide")
    insert(path, "wide", [{"times": 400, "a": lambda: os.urandom(3000).hex()}])
    execute(path, "create table bare (a primary key) without rowid")
    return path


def pages(path: Path, *names: str) -> list[int]:
    info = using(path, lambda gateway: gateway.database_info(names))
    return [info.relations[name].pages for name in names]


def test_a_table_has_as_many_pages_as_rows_at_most_and_never_more_than_the_file(large: Path) -> None:
    """So that a table of twenty migrations is read however large the file is."""
    whole = -(-large.stat().st_size // 8192)
    assert 280 < whole < UNKNOWN_PAGES
    assert pages(large, "main.flyway_schema_history", "main.wide") == [0, min(400, whole)]
    assert pages(large, "main.seen", "main.bare") == [whole, whole]


def test_a_relation_that_is_not_there_is_not_in_the_facts_and_columns_are_in_lower_case(path: Path) -> None:
    execute(path, "create table Shouted (ID, Twice as (id * 2))")
    info = using(path, lambda gateway: gateway.database_info(("main.nowhere", "main.shouted")))
    assert list(info.relations) == ["main.shouted"]
    assert info.relations["main.shouted"].columns == {"id", "twice"}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("select twice from shouted")
