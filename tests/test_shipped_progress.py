"""What the shipped queries say about long commands is what those do that are under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from pairs import wait
from servers import Server
from shipped import ask, fresh_database, fresh_role

# As slow as a server can be told to be: a block takes a tenth of a second.
_SLOW = "SET vacuum_cost_delay = '100ms'; SET vacuum_cost_limit = 1"


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        server.execute(
            'CREATE TABLE "the ""rows""" AS SELECT a FROM generate_series(1, 20000) AS a;'
            'CREATE INDEX ON "the ""rows""" (a); DELETE FROM "the ""rows""" WHERE a % 2 = 0',
            name,
        )
        yield name


@contextmanager
def _running(dsn: str, command: str, before: str = "") -> Iterator[None]:
    """Let a session begin a command, and do not wait for its end."""
    with psycopg.connect(dsn, autocommit=True) as session:
        if before:
            session.execute(before.encode())
        session.pgconn.send_query(command.encode())
        try:
            yield
        finally:
            session.pgconn.get_cancel().cancel()
            session.pgconn.finish()


@pytest.mark.parametrize("command", ["VACUUM", "ANALYZE"])
def test_a_slow_command_shows_its_table_its_phase_and_how_far_it_is(
    server: Server, database: str, command: str
) -> None:
    view = f"pg_stat_progress_{command.lower()}"
    blocks = "heap_blks_scanned" if command == "VACUUM" else "sample_blks_scanned"
    with _running(server.dsn(database), f'{command} "the ""rows"""', _SLOW):
        wait(server, f"EXISTS (SELECT FROM {view} WHERE {blocks} BETWEEN 1 AND 80)", database)
        overview, detail = ask("progress", server), ask("progress_relations", server, database)
        vacuum = ask("stat_progress_vacuum", server, database)
        elsewhere = ask("progress_relations", server)
    labels = {"datname": database, "command": command}
    assert overview.value("pg_stat_progress_running", **labels) == 1
    assert 0 < (overview.value("pg_stat_progress_age_seconds", **labels) or 0) < 60
    assert 0 < (overview.value("pg_stat_progress_done_ratio", **labels) or 0) < 1
    labels = {"schemaname": "public", "relname": 'the "rows"', "command": command}
    assert 0 < (detail.value("pg_stat_progress_relation_done_ratio", **labels) or 0) < 1
    assert elsewhere.values("pg_stat_progress_relation_age_seconds", relname='the "rows"') == []
    scanned = vacuum.value("pg_stat_progress_vacuum_heap_blks_scanned", relname='the "rows"')
    assert (scanned is None) == (command == "ANALYZE")
    if command == "VACUUM":
        assert 0 < (scanned or 0) < (vacuum.value("pg_stat_progress_vacuum_heap_blks") or 0)
        bytes_known = vacuum.value("pg_stat_progress_vacuum_max_dead_tuple_bytes") is not None
        rows_known = vacuum.value("pg_stat_progress_vacuum_max_dead_tuples") is not None
        assert (bytes_known, rows_known) == (server.major >= 17, server.major < 17)


def test_what_others_do_is_hidden_from_who_may_not_see_it(server: Server, database: str) -> None:
    view = "pg_stat_progress_vacuum"
    with fresh_role(server) as (role, password), _running(server.dsn(database), "VACUUM", _SLOW):
        wait(server, f"EXISTS (SELECT FROM {view})", database)
        dsn = server.dsn(database, role, password)
        names = ("progress", "progress_relations", "stat_progress_vacuum")
        answers = [ask(name, server, database, dsn).families for name in names]
    assert answers == [(), (), ()]


def test_an_index_that_waits_for_a_transaction_is_in_a_waiting_phase(server: Server, database: str) -> None:
    build = 'CREATE INDEX CONCURRENTLY ON "the ""rows""" (a)'
    with psycopg.connect(server.dsn(database)) as writer:
        writer.execute('DELETE FROM "the ""rows""" WHERE a = 1')
        with _running(server.dsn(database), build):
            wait(server, "EXISTS (SELECT FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%')")
            answer = ask("progress_relations", server, database)
    labels = {"command": "CREATE INDEX CONCURRENTLY", "phase": "waiting for writers before build"}
    assert (answer.value("pg_stat_progress_relation_age_seconds", **labels) or 0) > 0
    assert answer.value("pg_stat_progress_relation_done_ratio", **labels) == 0


def test_a_copy_that_waits_for_data_is_running_and_nobody_knows_how_far(
    server: Server, database: str
) -> None:
    if server.major < 14:
        pytest.skip("copies report their progress since 14")
    with _running(server.dsn(database), 'COPY "the ""rows""" FROM STDIN'):
        wait(server, f"EXISTS (SELECT FROM pg_stat_progress_copy WHERE datname = '{database}')")
        answer = ask("progress", server)
    labels = {"datname": database, "command": "COPY FROM"}
    assert answer.value("pg_stat_progress_running", **labels) == 1
    assert answer.value("pg_stat_progress_done_ratio", **labels) is None


def test_a_base_backup_shows_what_it_has_sent_of_what(server: Server) -> None:
    """It is told to be slow, and nobody reads what it sends."""
    command = (
        "BASE_BACKUP (CHECKPOINT 'fast', MAX_RATE 32, PROGRESS)"
        if server.major >= 15
        else "BASE_BACKUP PROGRESS FAST MAX_RATE 32"
    )
    replication = psycopg.conninfo.make_conninfo(server.dsn(), replication="true")
    with _running(replication, command):
        wait(server, "EXISTS (SELECT FROM pg_stat_progress_basebackup WHERE backup_streamed > 0)")
        answer, overview = ask("stat_progress_basebackup", server), ask("progress", server)
    sent = answer.value("pg_stat_progress_basebackup_streamed_bytes") or 0
    assert 0 < sent < (answer.value("pg_stat_progress_basebackup_size_bytes") or 0)
    assert overview.value("pg_stat_progress_running", datname="", command="BASE BACKUP") == 1
    assert 0 < (overview.value("pg_stat_progress_done_ratio", command="BASE BACKUP") or 0) < 1
