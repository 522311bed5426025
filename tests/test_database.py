"""Rules about which connection serves whom, how many there are, and how a query ends."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from exporter.database import Database
from exporter.model import OutcomeKind
from gateway import Subject, failure, fetched, pid_of, role, until, using, watched
from servers import Server


@pytest.fixture
def subject(a_server: Server) -> Iterator[Subject]:
    """The superuser's DSN, and who watches its sessions."""
    with watched(a_server) as found:
        yield found


def test_every_server_answers_on_every_lane(server: Server) -> None:
    async def ask(gateway: Database) -> set[object]:
        return {await pid_of(gateway), await pid_of(gateway, heavy=True), await pid_of(gateway, "template1")}

    assert len(using(server.dsn(), ask)) == 3


def test_lanes_keep_their_connections(subject: Subject) -> None:
    async def ask(gateway: Database) -> tuple[set[object], set[object]]:
        fast = {await pid_of(gateway) for _ in range(3)}
        heavy = {await pid_of(gateway, heavy=True) for _ in range(3)}
        return fast, heavy

    fast, heavy = using(subject.dsn, ask)
    assert len(fast) == len(heavy) == 1
    assert fast != heavy


def test_the_main_database_is_no_visit_even_when_the_dsn_does_not_name_it(a_server: Server) -> None:
    async def ask(gateway: Database) -> tuple[object, object]:
        main = await gateway.server_info()
        return await pid_of(gateway), await pid_of(gateway, main.database)

    parameters = {**psycopg.conninfo.conninfo_to_dict(a_server.dsn())}
    del parameters["dbname"]  # then libpq takes the role's name, which is a database here, too
    fast, named = using(psycopg.conninfo.make_conninfo("", **parameters), ask)
    assert fast == named


@pytest.mark.slow
def test_a_heavy_query_does_not_delay_others(subject: Subject) -> None:
    async def ask(gateway: Database) -> tuple[float, float]:
        started = time.monotonic()
        heavy = asyncio.create_task(gateway.fetch("SELECT pg_sleep(1)", timeout=5, heavy=True))
        await asyncio.gather(*(gateway.fetch("SELECT 1", timeout=5) for _ in range(20)))
        between = time.monotonic() - started
        await heavy
        return between, time.monotonic() - started

    between, whole = using(subject.dsn, ask)
    assert between < 1 <= whole


def test_two_connections_are_one_for_the_main_database_and_one_for_visits(
    subject: Subject, database: str
) -> None:
    async def ask(gateway: Database) -> tuple[object, object, object]:
        return await pid_of(gateway), await pid_of(gateway, heavy=True), await pid_of(gateway, database)

    fast, heavy, visitor = using(subject.dsn, ask, max_connections=2)
    assert fast == heavy != visitor


def test_a_single_connection_visits_no_other_database(subject: Subject, database: str) -> None:
    async def ask(gateway: Database) -> tuple[object, object, OutcomeKind]:
        kind, _ = await failure(gateway.fetch("SELECT 1", timeout=5, database=database))
        return await pid_of(gateway), await pid_of(gateway, heavy=True), kind

    fast, heavy, kind = using(subject.dsn, ask, max_connections=1)
    assert fast == heavy
    assert kind is OutcomeKind.UNSUPPORTED


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_connections_never_exceed_their_number(a_server: Server, most: int) -> None:
    """The role's own limit is the proof: a connection too many, for however short, would be refused."""
    with ExitStack() as stack:
        user, password = stack.enter_context(role(a_server, f"CONNECTION LIMIT {min(most, 3)}"))
        subject = stack.enter_context(watched(a_server, a_server.dsn(user=user, password=password)))
        databases = [f"{user}_{number}" for number in range(2)]
        for database in databases:
            a_server.execute(f"CREATE DATABASE {database}")
            stack.callback(a_server.execute, f"DROP DATABASE {database} WITH (FORCE)")
        seen = []

        async def ask(gateway: Database) -> None:
            async def one(number: int) -> None:
                database = [None, *databases][number % 3] if most > 1 else None
                sql = "SELECT pg_catalog.current_database() FROM pg_sleep(0.002)"
                rows = await gateway.fetch(sql, timeout=5, database=database, heavy=number % 2 == 0)
                assert rows.rows == [(database or "postgres",)]
                seen.append(len(subject.sessions()))

            await asyncio.gather(*(one(number) for number in range(50)))

        using(subject.dsn, ask, max_connections=most)
    assert max(seen) == min(most, 3)


@pytest.mark.slow
def test_a_database_is_left_soon_after_a_visit_so_that_it_can_be_dropped(
    a_server: Server, subject: Subject
) -> None:
    database = subject.name.replace("-", "_")
    a_server.execute(f"CREATE DATABASE {database}")

    async def ask(gateway: Database) -> list[object]:
        pids = {await pid_of(gateway, database) for _ in range(3)}
        assert len(pids) == 1
        before = subject.sessions()
        await until(lambda: subject.sessions() == [])
        started = time.monotonic()
        await asyncio.to_thread(a_server.execute, f"DROP DATABASE {database}")
        assert time.monotonic() - started < 4, "PostgreSQL waited for somebody to leave"
        return [place for place, _ in before]

    assert using(subject.dsn, ask) == [database]


@pytest.mark.slow
def test_a_locked_table_is_noticed_within_a_moment_and_the_lane_goes_on(
    server: Server, a_server: Server
) -> None:
    table = f"locked_{secrets.token_hex(4)}"
    server.execute(f"CREATE TABLE public.{table} ()")

    async def ask(gateway: Database) -> tuple[object, tuple[OutcomeKind, float], object]:
        before = await pid_of(gateway)
        ended = await failure(gateway.fetch(f"SELECT count(*) FROM public.{table}", timeout=5))
        return before, ended, await pid_of(gateway)

    try:
        with psycopg.connect(server.dsn()) as holder:
            holder.execute(f"LOCK TABLE public.{table} IN ACCESS EXCLUSIVE MODE".encode())
            before, (kind, seconds), after = using(server.dsn(), ask)
    finally:
        server.execute(f"DROP TABLE public.{table}")
    assert kind is OutcomeKind.LOCKED
    assert 0.09 < seconds < 1
    assert before == after


@pytest.mark.slow
def test_a_slow_query_ends_at_its_timeout_and_the_lane_goes_on(server: Server) -> None:
    async def ask(gateway: Database) -> tuple[object, tuple[OutcomeKind, float], object]:
        before = await pid_of(gateway)
        ended = await failure(gateway.fetch("SELECT pg_sleep(20)", timeout=0.2))
        return before, ended, await pid_of(gateway)

    before, (kind, seconds), after = using(server.dsn(), ask)
    assert kind is OutcomeKind.TIMEOUT
    assert 0.2 <= seconds < 1
    assert before == after


def test_one_bad_byte_in_a_database_of_any_bytes_does_not_cost_the_answer(server: Server) -> None:
    database = f"bytes_{secrets.token_hex(4)}"
    options = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    server.execute(f"CREATE DATABASE {database} {options}")
    try:
        sql = "SELECT E'caf\\xe9'::text AS caf\u00e9, ARRAY[E'\\xe9'], 7"
        rows = fetched(server.dsn(database), sql)
    finally:
        server.execute(f"DROP DATABASE {database} WITH (FORCE)")
    assert rows.columns[0] == "caf\u00e9"
    assert rows.rows == [("caf\ufffd", ["\ufffd"], 7)]


def test_the_representation_shows_the_target_and_nothing_of_its_dsn(a_server: Server) -> None:
    async def ask(gateway: Database) -> str:
        return repr(gateway)

    assert using(a_server.dsn(password="s3cret"), ask) == "<Database of target test>"
