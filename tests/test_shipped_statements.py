"""What the sets of statements show, on real servers whose statements the tests make."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from exporter.derive import DERIVATIONS
from exporter.rest import OTHER, Known, summed_up
from exporter.samples import families
from servers import Server
from shipped import QUERIES, Answer, ask, ask_on, connect, fresh_database, fresh_role, run

_SCHEMA = 'CREATE SCHEMA "The Tools"; GRANT USAGE ON SCHEMA "The Tools" TO public;'


@pytest.fixture(scope="module")
def watched(server: Server) -> Iterator[str]:
    """A database that has the extension in a schema with a name that needs quotes."""
    if not server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements'"):
        pytest.skip("this server has no pg_stat_statements")
    server.monitor_dsn()
    with fresh_database(server) as name:
        server.execute(f'{_SCHEMA} CREATE EXTENSION pg_stat_statements SCHEMA "The Tools"', name)
        yield name


class Looks:
    """Looks at a query again and again, as the daemon does."""

    def __init__(self, name: str, connection: psycopg.Connection) -> None:
        self.query = QUERIES[name]
        self._connection = connection
        self._state: object | None = None
        self._known: Known | None = None

    def look(self) -> Answer:
        rows = run(self._connection, self.query)
        rows, self._state = DERIVATIONS["busiest"](rows, self._state, 0.0)
        rows, self._known = summed_up(self.query, rows, self._known)
        return Answer(families(self.query, rows, "test", None).families)


def test_a_statement_that_takes_time_of_late_has_its_own_series(server: Server, watched: str) -> None:
    with connect(server.monitor_dsn(watched)) as connection, fresh_role(server) as (role, password):
        looks = Looks("statements", connection)
        looks.look()
        with connect(server.dsn(watched, role, password)) as busy:
            for _ in range(3):
                busy.execute("select n, pg_catalog.pg_sleep(0.02) from pg_catalog.generate_series(1, 2) as n")
        found = looks.look()
        assert found.value("pg_stat_statements_calls_total", user=role, datname=watched) == 3
        assert found.value("pg_stat_statements_rows_total", user=role) == 6
        seconds = found.value("pg_stat_statements_seconds_total", user=role)
        assert seconds is not None
        assert 0.12 <= seconds < 10
        assert found.value("pg_stat_statements_calls_total", queryid=OTHER) is not None
        assert len(found.values("pg_stat_statements_calls_total")) <= 11


def test_the_others_gain_what_statements_without_a_series_gain(server: Server, watched: str) -> None:
    with connect(server.monitor_dsn(watched)) as connection, fresh_role(server) as (role, password):
        looks = Looks("statements", connection)
        looks.query = replace(looks.query, limit=2 * len(looks.query.columns))
        with connect(server.dsn(watched, role, password)) as busy:
            busy.execute("select pg_catalog.pg_sleep(0.2)")
            looks.look()
            before = looks.look().value("pg_stat_statements_calls_total", queryid=OTHER)
            for _ in range(40):
                busy.execute("select 1 as one")
            busy.execute("select pg_catalog.pg_sleep(0.2)")
            after = looks.look().value("pg_stat_statements_calls_total", queryid=OTHER)
    assert before is not None
    assert after is not None
    assert after - before >= 40


@pytest.mark.parametrize("name", ["statements", "statements_detail"])
def test_the_columns_go_by_the_version_of_the_extension_not_of_the_server(server: Server, name: str) -> None:
    server.monitor_dsn()
    with fresh_database(server) as database:
        server.execute(f"{_SCHEMA} CREATE EXTENSION pg_stat_statements VERSION '1.8'", database)
        with connect(server.monitor_dsn(database)) as connection:
            found = Looks(name, connection).look()
    there = {family.name for family in found.families}
    newer = {
        column.family
        for column in QUERIES[name].columns
        if "and later)" in column.help  # since 15, with version 1.10, or later
    }
    assert there == {column.family for column in QUERIES[name].columns} - newer


@pytest.mark.parametrize("name", ["statements", "statements_detail"])
def test_statements_beyond_those_that_are_listed_are_one_row(server: Server, watched: str, name: str) -> None:
    query = QUERIES[name]
    sql = str(query.sql_for(server.major)).replace("5000", "1")
    with connect(server.monitor_dsn(watched)) as connection:
        connection.execute("select 1 as one")
        connection.execute("select 1 as one, 2 as two")
        rows = run(connection, replace(query, variants=((0, sql),)))
    assert [row[:3].count(None) for row in rows.rows] == [0, 3]
    assert isinstance(rows.rows[1][rows.columns.index("pace")], float | type(None))


def test_without_the_right_to_see_others_nothing_is_shown(server: Server, watched: str) -> None:
    """The statements of one role would pass for those of all."""
    with fresh_role(server) as (role, password), connect(server.dsn(watched, role, password)) as connection:
        for name in ("statements", "statements_detail", "statements_text"):
            assert run(connection, QUERIES[name]).rows == []


def test_room_for_statements_and_the_last_reset_are_shown(server: Server, watched: str) -> None:
    if server.major < 14:
        pytest.skip("pg_stat_statements_info is of 14 and later")
    found = ask("statements_info", server, watched)
    [(most,)] = server.execute("SHOW pg_stat_statements.max")
    assert found.value("pg_stat_statements_entries_max") == int(str(most))
    entries = found.value("pg_stat_statements_entries")
    assert entries is not None
    assert 0 < entries <= int(str(most))
    assert found.value("pg_stat_statements_dealloc_total") is not None
    [(now,)] = server.execute("SELECT extract(epoch FROM now())::float8")
    reset = found.value("pg_stat_statements_stats_reset_timestamp_seconds")
    assert reset is not None
    assert 0 < reset <= float(str(now))


def test_texts_hold_no_value_no_comment_and_no_command(server: Server, watched: str) -> None:
    secret = secrets.token_hex(8)
    with fresh_role(server) as (role, _):
        server.execute(
            f"/* {secret} */ select /* {secret} */ '{secret}' as \"Mark{role}\", 12345, pg_sleep(0.1),"
            f" E'\\'{secret}', $x${secret}$x$ -- {secret}",
            watched,
        )
        server.execute(f"ALTER ROLE {role} PASSWORD '{secret}'", watched)
        server.execute(f"DO $$ begin perform '{secret}'; end $$", watched)
        with connect(server.monitor_dsn(watched)) as connection:
            rows = run(connection, QUERIES["statements_text"])
    texts = [str(row[1]) for row in rows.rows]
    assert [text for text in texts if f"Mark{role}" in text]
    assert not [text for text in texts if secret in text or "12345" in text]
    assert not [text for text in texts if text.lower().startswith(("alter", "do"))]
    assert all(len(text) <= 200 for text in texts)


def test_a_text_goes_with_the_identifier_of_its_statement(server: Server, watched: str) -> None:
    mark = f"mark_{secrets.token_hex(4)}"
    with connect(server.monitor_dsn(watched)) as connection:
        connection.execute(f"select 7 as {mark}, pg_catalog.pg_sleep(0.1)".encode())
        texts = ask_on(connection, "statements_text")
        [(identifier,)] = server.execute(
            'SELECT queryid::text FROM "The Tools".pg_stat_statements'
            f" WHERE query ~ '{mark}' AND query !~ 'queryid'",
            watched,
        )
        [family] = texts.families
        found = [dict(zip(family.label_names, sample.labels, strict=True)) for sample in family.samples]
    [text] = [labels["query"] for labels in found if labels["queryid"] == identifier]
    assert mark in text
    assert " 7 " not in text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("select 'it''s', E'a\\'b', 7, -1.5e3, $1, t1.c2 from t1", "select ?, ?, ?, -?, $1, t1.c2 from t1"),
        ("select $x$secret $$ 1$x$ , $$a$$", "select ? , ?"),
        ("with  a as (select 1)\nselect /* who */ 2 -- why", "with a as (select ?) select ?"),
        ("(select 1)", "(select ?)"),
        ("/* a */ select /* b */ c -- d", "select c"),
        ("select 1, 'a\\', 'b', c", "select ?, ?, ?, c"),
        ("select 1, 'left, secret", "select ?, ?"),
        ("insert into t values ('" + 300 * "a" + "')", "insert into t values (?)"),
        ("alter role r password 'x'", None),
        ("selection 'x'", None),
    ],
)
def test_a_value_that_the_server_left_in_a_text_is_taken_out(
    a_server: Server, monitor: str, sent: str, shown: str | None
) -> None:
    """What was thrown out of the statements while it ran is stored as it was sent."""
    query = QUERIES["statements_text"]
    quoted = sent.replace("'", "''")
    made = f"(values (1::bigint, '{quoted}', 1.0::float8)) as sent (queryid, query, total_exec_time)"
    sql = str(query.sql_for(a_server.major)).replace(":extension_schema.pg_stat_statements(true)", made)
    with connect(monitor) as connection:
        rows = run(connection, replace(query, variants=((0, sql),)))
    assert [row[1] for row in rows.rows] == ([shown] if shown is not None else [])
