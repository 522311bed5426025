"""Rules about what an error is called and what it may say: names and codes, no data, no query, no secret."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from psycopg import errors

from exporter.dsn import hidden
from exporter.errors import QueryError
from exporter.model import OutcomeKind
from exporter.pgerrors import connect_error, query_error
from exporter.redaction import learn
from gateway import fetched, role
from servers import Server

NASTY = ["p%ss", "p@ss", "p:ss", "p/ss", "p ss", "p'ss\\", "p?ss#&=", "%41", "pässwörd"]


def _error(dsn: str, sql: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        fetched(dsn, sql)
    return caught.value


@pytest.mark.parametrize(
    ("sql", "kind", "message"),
    [
        (
            "SELECT 1\nFROM public.nix",
            OutcomeKind.MISSING,
            'relation "public.nix" does not exist, line 2 of the query (undefined_table 42P01)',
        ),
        (
            "SELECT nix FROM pg_catalog.pg_class",
            OutcomeKind.MISSING,
            'column "nix" does not exist, line 1 of the query (undefined_column 42703)',
        ),
        (
            "SELECT pg_catalog.nix()",
            OutcomeKind.MISSING,
            "function pg_catalog.nix() does not exist, line 1 of the query (undefined_function 42883)",
        ),
        (
            "SELECT 1 FROM nix.nix",
            OutcomeKind.MISSING,
            'relation "nix.nix" does not exist, line 1 of the query (undefined_table 42P01)',
        ),
        (
            "SELECT current_setting('nix.nix')",
            OutcomeKind.MISSING,
            'unrecognized configuration parameter "nix.nix" (undefined_object 42704)',
        ),
        (
            "SELECT\n\n1 FORM pg_class",
            OutcomeKind.SQL,
            'syntax error at or near "pg_class", line 3 of the query (syntax_error 42601)',
        ),
        ("SELECT 's3cret", OutcomeKind.SQL, "syntax_error 42601, line 1 of the query"),
        ("SELECT 1 's3cret'", OutcomeKind.SQL, "syntax_error 42601, line 1 of the query"),
        ("SELECT 1 / 0", OutcomeKind.SQL, "division_by_zero 22012"),
        (
            "SELECT 's3cret'::int",
            OutcomeKind.SQL,
            "invalid_text_representation 22P02, line 1 of the query",
        ),
        (
            "SELECT pg_catalog.pg_wal_replay_resume()",
            OutcomeKind.UNSUPPORTED,
            "recovery is not in progress (object_not_in_prerequisite_state 55000)",
        ),
    ],
)
def test_an_error_is_named_and_says_where_but_quotes_neither_data_nor_query(
    a_server: Server, sql: str, kind: OutcomeKind, message: str
) -> None:
    error = _error(a_server.dsn(), sql)
    assert (error.kind, str(error)) == (kind, message)


def test_what_a_function_of_the_user_raises_is_not_repeated(a_server: Server, database: str) -> None:
    body = "BEGIN RAISE EXCEPTION 's3cret' USING ERRCODE = 'XY123'; END"
    a_server.execute(f"CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql AS $$ {body} $$", database)
    error = _error(a_server.dsn(database), "SELECT public.f()")
    assert (error.kind, str(error), error.sqlstate) == (OutcomeKind.SQL, "XY123", "XY123")


def test_a_role_without_the_right_is_denied(a_server: Server) -> None:
    with role(a_server) as (name, password):
        error = _error(a_server.dsn(user=name, password=password), "SELECT rolpassword FROM pg_authid")
    assert error.kind is OutcomeKind.DENIED
    assert str(error) == "permission denied for table pg_authid (insufficient_privilege 42501)"


@pytest.mark.parametrize(
    ("code", "lost", "kind"),
    [
        ("57014", False, OutcomeKind.TIMEOUT),
        ("25P04", True, OutcomeKind.TIMEOUT),
        ("55P03", False, OutcomeKind.LOCKED),
        ("0A000", False, OutcomeKind.UNSUPPORTED),
        ("57P01", True, OutcomeKind.CONNECT),
        ("57P05", True, OutcomeKind.CONNECT),
        ("08P01", True, OutcomeKind.CONNECT),
        ("25P03", True, OutcomeKind.CONNECT),
        ("XX000", True, OutcomeKind.CONNECT),
        ("XX000", False, OutcomeKind.SQL),
    ],
)
def test_a_code_has_its_kind(code: str, lost: bool, kind: OutcomeKind) -> None:
    error = errors.lookup(code)("text")
    assert query_error(error, "", lost=lost).kind is kind


def test_a_query_that_could_not_reach_another_server_says_nothing_about_ours() -> None:
    """Class 08 also comes from dblink and postgres_fdw, while our own session is fine."""
    error = errors.lookup("08001")("text")
    assert query_error(error, "", lost=False).kind is OutcomeKind.SQL


def test_a_lost_connection_without_a_code_is_no_connection() -> None:
    error = psycopg.OperationalError("consuming input failed: s3cret")
    found = query_error(error, "", lost=True)
    assert (found.kind, str(found)) == (OutcomeKind.CONNECT, "the server closed the connection")


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port of this machine that refuses connections."""
    with socket.socket() as claim:
        claim.bind(("127.0.0.1", 0))
        yield claim.getsockname()[1]


def _dsns(host: str, port: int, user: str, password: str, database: str) -> list[str]:
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    login = f"{user}:{quote(password, safe='')}"
    return [
        f"postgresql://{login}@{host}:{port}/{database}",
        f"host={host} port={port} user={user} password='{escaped}' dbname={database}",
    ]


@pytest.mark.parametrize("password", NASTY)
def test_a_password_of_any_characters_works_in_both_forms(a_server: Server, password: str) -> None:
    with role(a_server, password=password) as (name, _):
        for dsn in _dsns(a_server.host, a_server.port, name, password, "postgres"):
            assert fetched(dsn, "SELECT 1").rows == [(1,)]


@pytest.mark.parametrize("password", NASTY)
def test_a_failed_connect_says_why_and_what_to_do_and_never_the_password(
    a_server: Server, nobody: int, password: str
) -> None:
    host, port = a_server.host, a_server.port
    with role(a_server) as (name, right):
        cases = [
            (
                _dsns(host, port, name, password, "postgres"),
                "password authentication failed",
                "check the role",
            ),
            (_dsns(host, nobody, name, password, "postgres"), "Connection refused", "is the server running"),
            (_dsns("nix.invalid", port, name, password, "x"), "", "check the host name"),
        ]
        for dsns, reason, remedy in cases:
            for dsn in dsns:
                error = _error(dsn, "SELECT 1")
                assert error.kind is OutcomeKind.CONNECT
                assert reason in str(error)
                assert remedy in str(error)
                assert f'role "{name}"' in str(error)
                for form in (password, quote(password, safe="")):
                    assert form not in str(error)
                    assert form not in repr(error)
                assert "\n" not in str(error)
        for dsn in _dsns(host, port, name, right, "nix"):
            error = _error(dsn, "SELECT 1")
            assert error.kind is OutcomeKind.CONNECT
            assert 'database "nix" does not exist' in str(error)
            assert right not in str(error)


def test_a_failed_connect_is_one_line_that_says_each_thing_once(a_server: Server) -> None:
    name = f"nix_{secrets.token_hex(2)}"
    dsn = f"postgresql://{name}:wrong@{a_server.host}:{a_server.port}/postgres?sslmode=prefer"
    assert str(_error(dsn, "SELECT 1")) == (
        f'cannot connect to host "{a_server.host}" port "{a_server.port}" database "postgres" role "{name}":'
        f' password authentication failed for user "{name}";'
        " check the role's name, its password and where the password comes from"
    )


def test_all_hosts_of_a_list_are_heard(a_server: Server, nobody: int) -> None:
    port = a_server.port
    error = _error(
        f"host=127.0.0.1,{a_server.host} port={nobody},{port} user=nix password=s3cret", "SELECT 1"
    )
    assert "Connection refused" in str(error)
    assert "password authentication failed" in str(error)
    assert "s3cret" not in str(error)


def test_a_bad_dsn_that_nobody_checked_shows_nothing_of_itself() -> None:
    error = _error("postgresql://u:s3cret%wOrd@h/d", "SELECT 1")
    assert error.kind is OutcomeKind.CONNECT
    assert str(error).startswith("the DSN has a special character that must be percent-encoded")
    assert "s3cret" not in str(error)


def test_a_secret_that_a_library_should_show_after_all_is_blotted_out() -> None:
    parameters = {"host": "h", "password": "s3cret", "connect_timeout": "5"}
    learn(hidden(parameters))
    error = connect_error(psycopg.OperationalError("bad s3cret\nhere"), parameters)
    assert str(error) == 'cannot connect to host "h": bad ***; here'


def test_a_connect_without_an_answer_names_its_timeout() -> None:
    error = connect_error(TimeoutError(), {"host": "h", "connect_timeout": "5"})
    assert str(error).startswith('cannot connect to host "h": no answer within 5 s')
