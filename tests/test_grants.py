"""Rules about the SQL that makes a role for monitoring."""

from __future__ import annotations

import argparse
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from commands import command, load
from exporter import grants, once
from exporter.grants import Wanted, script, wanted
from exporter.model import Needs, Query
from exporter.quoting import literal
from exporter.rights import needed_columns
from exporter.survey import Exit
from programs import require
from servers import Server
from shipped import QUERIES, TOKENS, fresh_database

WANTED = Wanted(role="monitor", relations={"public.tokens": ("expires_at", "token_type")})
TOKEN_QUERY = QUERIES["tokens"]


def text(want: Wanted) -> str:
    return "\n".join(script(want)) + "\n"


def needing(relation: str | None, *columns: str) -> Query:
    return replace(TOKEN_QUERY, needs=Needs(relation=relation, columns=columns), reads=())


def psql(server: Server, database: str, sql: str, *options: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [
        require("psql"),
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        *options,
        "-d",
        server.dsn(database),
        "-f",
        "-",
    ]
    return subprocess.run(command, input=sql, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def role(server: Server) -> Iterator[str]:
    """A name that no role has before the test and none after it, and that has to be quoted."""
    name = f"Monitor'{secrets.token_hex(4)}"
    yield name
    server.execute(f'DROP ROLE IF EXISTS "{name}"')


def test_columns_of_one_relation_are_merged_and_sorted() -> None:
    queries = {"a": needing("public.t", "c", "a"), "b": needing('"public".t', "b", "a")}
    assert needed_columns(queries) == {"public.t": ("a", "b", "c")}


@pytest.mark.parametrize(
    "query", [needing(None), needing("public.t"), needing("pg_catalog.pg_class", "relname")]
)
def test_what_needs_no_grant_gets_none(query: Query) -> None:
    assert needed_columns({"a": query}) == {}


def test_the_script_grants_columns_and_never_a_whole_table() -> None:
    lines = [line.strip() for line in script(WANTED)]
    assert [line for line in lines if "GRANT SELECT" in line] == [
        "GRANT SELECT (expires_at, token_type) ON public.tokens TO monitor;"
    ]


def test_the_connection_limit_leaves_room_for_a_second_daemon_during_a_restart() -> None:
    assert "CONNECTION LIMIT 10;" in text(replace(WANTED, connections=5))


def test_a_password_is_never_in_the_script() -> None:
    assert "PASSWORD :'password';" in text(replace(WANTED, password=True))
    assert "ALTER ROLE monitor PASSWORD" not in text(WANTED)


@pytest.mark.parametrize(("number", "grants_it"), [(15, False), (16, True), (None, True)])
def test_reserved_slots_are_left_out_only_for_a_server_known_to_have_none(
    number: int | None, *, grants_it: bool
) -> None:
    assert ("GRANT pg_use_reserved_connections" in text(replace(WANTED, major=number))) is grants_it


def test_columns_that_stay_unreadable_are_named_when_the_server_was_asked() -> None:
    want = replace(WANTED, unreadable={"public.tokens": ("access_token", "refresh_token")})
    assert "-- Not readable in public.tokens: access_token, refresh_token." in script(want)


def test_a_column_cannot_name_itself_into_the_script() -> None:
    lines = list(script(replace(WANTED, unreadable={"public.tokens": ("a\nDROP TABLE b;\n",)})))
    assert "-- Not readable in public.tokens: a\\nDROP TABLE b;\\n." in lines
    assert not any(line.startswith("DROP") for text in lines for line in text.splitlines())


def test_without_queries_the_script_still_makes_the_role() -> None:
    args = argparse.Namespace(
        role="monitor", database=[], password_placeholder=False, column_statistics=False
    )
    assert "CREATE ROLE monitor" in text(wanted({}, (), args, None))


@pytest.mark.parametrize("name", ["", "public", "pg_monitor", "x" * 64, "a\nb"])
def test_a_name_that_no_role_can_have_is_a_usage_error(
    name: str, a_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = load(a_server.dsn())
    assert command(grants, loaded, "--role", name) == (Exit.USAGE, "")
    assert capsys.readouterr().err.startswith("--role")


def test_a_role_with_the_grants_counts_tokens_and_cannot_read_one(server: Server, role: str) -> None:
    loaded = load(server.dsn())
    code, sql = command(grants, loaded, "--role", role, "--password-placeholder")
    assert code == Exit.FINE
    with fresh_database(server) as database:
        server.execute(TOKENS, database)
        for _ in range(2):
            done = psql(server, database, sql, "-v", "password=it's")
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        dsn = server.dsn(database, role, "it's")
        assert counted(dsn, database) == Exit.FINE
        with psycopg.connect(dsn, autocommit=True) as connection:
            for secret in ("access_token", "refresh_token", "*"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT {secret} FROM public.tokens".encode())
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("CREATE TABLE public.t ()")
        server.execute(f'DROP OWNED BY "{role}"', database)


def counted(dsn: str, database: str) -> int:
    """Run the token query as `once` does and return its exit code."""
    code, printed = command(once, load(dsn), TOKEN_QUERY.name, "--database", database)
    assert 'oauth2_tokens{target="main"' in printed, printed
    return code


@pytest.mark.parametrize("asked", [False, True])
def test_statistics_of_columns_are_shown_only_when_asked_for(
    a_server: Server, database: str, *, asked: bool
) -> None:
    role = f"Stat '{secrets.token_hex(4)}"
    options = ("--column-statistics",) if asked else ()
    code, sql = command(grants, load(a_server.dsn()), "--role", role, *options)
    assert code == Exit.FINE
    assert psql(a_server, database, sql).returncode == 0
    may = f"SELECT pg_catalog.has_function_privilege({literal(role)}, p.oid, 'EXECUTE')"
    found = a_server.execute(
        f"{may} FROM pg_catalog.pg_proc AS p WHERE proname = 'column_statistics'", database
    )
    assert found == [(True,)] * asked
    a_server.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"', database)


def test_the_role_is_a_member_of_what_its_version_offers(server: Server, role: str) -> None:
    assert psql(server, "postgres", text(replace(WANTED, role=role))).returncode == 0
    rows = server.execute(
        "SELECT r.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid"
        f" JOIN pg_catalog.pg_roles u ON u.oid = m.member WHERE u.rolname = {literal(role)} ORDER BY 1"
    )
    expected = ["pg_monitor"] + (["pg_use_reserved_connections"] if server.major >= 16 else [])
    assert [name for (name,) in rows] == expected
    server.execute(f'DROP OWNED BY "{role}"')


def test_several_databases_are_visited_whatever_they_are_called(a_server: Server, database: str) -> None:
    odd, role = f"odd '\\\" {secrets.token_hex(3)}", f"visitor_{secrets.token_hex(3)}"
    a_server.execute(TOKENS, database)
    a_server.execute('CREATE DATABASE "{}"'.format(odd.replace('"', '""')))
    try:
        done = psql(a_server, "postgres", text(replace(WANTED, role=role, databases=(database, odd))))
        assert done.returncode == 0
        assert f"public.tokens is not in database {odd}: nothing to grant" in done.stderr
        granted = f"SELECT count(*) FROM information_schema.column_privileges WHERE grantee = '{role}'"
        assert a_server.execute(granted, database) == [(2,)]
    finally:
        a_server.execute(f"DROP OWNED BY {role}", database)
        a_server.execute('DROP DATABASE "{}"'.format(odd.replace('"', '""')))
        a_server.execute(f"DROP ROLE IF EXISTS {role}")


def test_a_table_with_other_columns_costs_a_warning_and_not_the_script(
    a_server: Server, database: str
) -> None:
    role = f"other_{secrets.token_hex(3)}"
    a_server.execute("CREATE TABLE public.tokens (expires_at timestamp)", database)
    done = psql(a_server, database, text(replace(WANTED, role=role)))
    assert done.returncode == 0
    assert 'column "token_type" of relation "tokens" does not exist; nothing was granted' in done.stderr
    a_server.execute(f"DROP OWNED BY {role}; DROP ROLE {role}", database)


@pytest.mark.parametrize("owns", ["", "CREATE TABLE public.t (); ALTER TABLE public.t OWNER TO {}"])
def test_a_superuser_or_an_owner_is_left_alone(a_server: Server, database: str, owns: str) -> None:
    role = f"app_{secrets.token_hex(3)}"
    a_server.execute(f"CREATE ROLE {role} LOGIN {'' if owns else 'SUPERUSER'}")
    a_server.execute(owns.format(role), database)
    done = psql(a_server, database, text(replace(WANTED, role=role)))
    assert done.returncode != 0
    assert f"role {role} is a superuser or owns objects" in done.stderr
    assert a_server.execute(f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{role}'") == [(-1,)]
    a_server.execute(f"DROP OWNED BY {role}; DROP ROLE {role}", database)
