"""Rules about the servers that every other test relies on."""

from __future__ import annotations

import psycopg
import pytest

from servers import Server


def test_a_server_has_the_major_asked_for(server: Server, major: int) -> None:
    [(number,)] = server.execute("SHOW server_version_num")
    assert server.major == major == int(str(number)) // 10000


def test_a_server_checks_passwords(server: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.dsn(user=server.superuser, password="wrong"))


def test_a_server_counts_statements_where_contrib_is_installed(server: Server) -> None:
    installed = (
        server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements'") != []
    )
    [(libraries,)] = server.execute("SHOW shared_preload_libraries")
    assert ("pg_stat_statements" in str(libraries)) is installed


def test_the_monitor_role_has_pg_monitor_and_nothing_else(server: Server) -> None:
    with psycopg.connect(server.monitor_dsn()) as connection:
        roles = connection.execute(
            "SELECT rolname FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_auth_members m ON m.roleid = r.oid"
            " WHERE m.member = current_user::regrole"
        ).fetchall()
        superuser = connection.execute("SHOW is_superuser").fetchone()
    assert roles == [("pg_monitor",)]
    assert superuser == ("off",)


def test_a_standby_replays_what_its_primary_wrote(server: Server, standby: Server) -> None:
    name = f"standby_rule_{server.major}"
    server.execute(f"CREATE TABLE {name} AS SELECT 1 AS a")
    try:
        standby.catch_up()
        assert standby.execute(f"SELECT pg_is_in_recovery(), a FROM {name}") == [(True, 1)]
    finally:
        server.execute(f"DROP TABLE {name}")


def test_a_standby_lets_the_monitor_role_in(standby: Server) -> None:
    with psycopg.connect(standby.monitor_dsn()) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)


def test_a_fresh_database_is_empty(a_server: Server, database: str) -> None:
    assert a_server.execute("SELECT count(*) FROM pg_stat_user_tables", database) == [(0,)]
