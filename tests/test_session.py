"""Rules about what one run sets on the server, and what it leaves behind: nothing."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest

from exporter.errors import QueryError
from exporter.model import OutcomeKind
from exporter.session import SETTINGS, Session
from gateway import fetched, opened, role, target, using
from pooler import pooled
from servers import Server

NAMES = ["statement_timeout", *SETTINGS]
SHOW = "SELECT " + ", ".join(f"pg_catalog.current_setting('{name}')" for name in NAMES)
SET = ("2s", "100ms", "on", "10s", "", "UTC", "ISO", "off", "0")


def _shown(rows: list[tuple[object, ...]]) -> tuple[str, ...]:
    """Date styles also say an order of day and month, which is no concern of ours."""
    [row] = rows
    return tuple(str(value).split(",")[0] for value in row)


def _during_and_after(dsn: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    async def ask() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        with psycopg.connect(dsn, autocommit=True) as other:
            before = _shown(other.execute(SHOW.encode()).fetchall())
        session = await Session.open(target(dsn), None)
        during = _shown(list((await session.run(SHOW, 2)).rows))
        cursor = await session._connection.execute(SHOW.encode())
        after = _shown(await cursor.fetchall())
        await session.leave()
        return before, during, after

    return asyncio.run(ask())


def test_a_run_has_its_settings_and_they_end_with_it(server: Server) -> None:
    before, during, after = _during_and_after(server.dsn())
    assert during == SET
    assert before == after != during


def test_a_run_has_its_settings_on_a_standby(standby: Server) -> None:
    before, during, after = _during_and_after(standby.dsn())
    assert during == SET
    assert before == after != during


def test_a_pooler_in_transaction_mode_hands_nothing_of_it_to_another_client(a_server: Server) -> None:
    with pooled(a_server) as dsn:
        before, during, after = _during_and_after(dsn)
        assert during == SET
        assert before == after != during
        assert _shown(_asked(dsn, SHOW)) == before


def _asked(dsn: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as client:
        return list(client.execute(sql.encode()).fetchall())


def test_facts_are_read_through_a_pooler(a_server: Server) -> None:
    with pooled(a_server) as dsn:
        server = using(dsn, lambda gateway: gateway.server_info())
        found = using(dsn, lambda gateway: gateway.database_info(["pg_catalog.pg_class"]))
    assert (server.major, server.database) == (a_server.major, "postgres")
    assert found.relations["pg_catalog.pg_class"].pages > 0


@pytest.mark.slow
def test_the_deadline_of_a_query_replaces_that_of_the_role_in_both_directions(a_server: Server) -> None:
    with role(a_server) as (name, password):
        dsn = a_server.dsn(user=name, password=password)
        a_server.execute(f"ALTER ROLE {name} SET statement_timeout = '100ms'")
        assert fetched(dsn, "SELECT 1 FROM pg_sleep(0.3)", timeout=2).rows == [(1,)]
        a_server.execute(f"ALTER ROLE {name} SET statement_timeout = '1h'")
        with pytest.raises(QueryError) as caught:
            fetched(dsn, "SELECT pg_sleep(5)", timeout=0.1)
    assert caught.value.kind is OutcomeKind.TIMEOUT


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE pg_temp.t ()",
        "INSERT INTO public.t VALUES (1) RETURNING 1",
        "SELECT nextval('public.s')",
        "SELECT pg_catalog.lo_creat(-1)",
    ],
)
def test_nothing_can_be_written(a_server: Server, database: str, sql: str) -> None:
    a_server.execute("CREATE TABLE public.t (a int); CREATE SEQUENCE public.s", database)
    with pytest.raises(QueryError) as caught:
        fetched(a_server.dsn(database), sql)
    assert (caught.value.kind, caught.value.sqlstate) == (OutcomeKind.UNSUPPORTED, "25006")


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT 1; SELECT 2", "several statements"),
        ("SELECT 1; ", None),
        ("SELECT 1 -- done", None),
        ("-- nothing", "no rows"),
        ("", "no rows"),
        ("DO $$ BEGIN END $$", "no rows"),
    ],
)
def test_a_query_is_one_statement_that_returns_rows(a_server: Server, sql: str, problem: str | None) -> None:
    if problem is None:
        assert fetched(a_server.dsn(), sql).rows == [(1,)]
        return
    with pytest.raises(QueryError, match=problem) as caught:
        fetched(a_server.dsn(), sql)
    assert caught.value.kind is OutcomeKind.SQL


def test_a_percent_sign_and_a_question_mark_are_just_sql(a_server: Server) -> None:
    assert fetched(a_server.dsn(), "SELECT 'a%sb' LIKE 'a\\%s_', 5 % 3, '%(x)s'").rows == [(True, 2, "%(x)s")]


def test_the_seconds_of_an_answer_are_the_round_trip(a_server: Server) -> None:
    rows = fetched(a_server.dsn(), "SELECT 1 AS one, 2 AS two FROM pg_sleep(0.05)")
    assert rows.columns == ("one", "two")
    assert 0.05 <= rows.seconds < 2


def test_copy_leaves_a_session_that_is_not_used_again(a_server: Server) -> None:
    async def ask() -> tuple[object, object]:
        async with opened(a_server.dsn()) as gateway:
            pid = "SELECT pg_catalog.pg_backend_pid()"
            first = (await gateway.fetch(pid, timeout=5)).rows
            with pytest.raises(QueryError) as caught:
                await gateway.fetch("COPY pg_catalog.pg_class TO STDOUT", timeout=5)
            assert caught.value.kind is OutcomeKind.SQL
            return first, (await gateway.fetch(pid, timeout=5)).rows

    first, second = asyncio.run(ask())
    assert first != second


def test_the_server_knows_our_name_unless_the_dsn_gives_another(a_server: Server) -> None:
    sql = (
        "SELECT pg_catalog.current_setting('application_name'), pg_catalog.current_setting('client_encoding')"
    )
    dsn = a_server.dsn()
    assert fetched(dsn, sql).rows == [("pg-oauth-exporter", "UTF8")]
    named = dsn + ("&" if "?" in dsn else "?") + "application_name=mine"
    assert fetched(named, sql).rows == [("mine", "UTF8")]


def test_a_session_that_left_is_gone_from_the_server_when_leave_returns(a_server: Server) -> None:
    async def ask() -> None:
        with psycopg.connect(a_server.dsn(), autocommit=True) as observer:
            for _ in range(20):
                session = await Session.open(target(a_server.dsn()), None)
                [(pid,)] = (await session.run("SELECT pg_catalog.pg_backend_pid()", 5)).rows
                started = time.monotonic()
                await session.leave()
                assert time.monotonic() - started < 0.4
                alive = observer.execute("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = %s", [pid])
                assert alive.fetchall() == []

    asyncio.run(ask())
