"""The demo's database: who may read what, what it starts with, and a server that is somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo_store import ask, kept_server, newest_embedded, with_database
from exporter.demo import clients, command, daemon, database, server
from exporter.demo.database import Database
from exporter.demo.endpoint import Endpoint
from exporter.demo.failure import DemoError
from exporter.demo.processes import free_port
from exporter.rights import needed_columns
from shipped import QUERIES

SECRETS = (
    *("access_token FROM tokens", "refresh_token FROM tokens", "user_id FROM tokens", "* FROM tokens"),
    *("client_secret FROM clients", "password_hash FROM users", "email FROM users"),
    *("session_token FROM user_sessions", "ip_address FROM user_sessions"),
    *("code FROM authorization_codes", "code_challenge FROM authorization_codes"),
)
NEEDED = (
    *(f"{', '.join(columns)} FROM {name}" for name, columns in needed_columns(QUERIES).items()),
    "updated_at FROM clients",
    "user_id, last_activity_at FROM user_sessions",
    "* FROM flyway_schema_history",
)


@pytest.fixture(scope="module")
def demo_server() -> Iterator[Endpoint]:
    with kept_server() as endpoint:
        yield endpoint


def test_the_monitoring_role_reads_what_metrics_need_and_no_secret_and_writes_nothing(
    demo_server: Endpoint,
) -> None:
    async def body(prepared: Database) -> None:
        for columns in NEEDED:
            assert await ask(prepared.monitoring(), f"SELECT {columns} LIMIT 1")
        for columns in SECRETS:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ask(prepared.monitoring(), f"SELECT {columns} LIMIT 1")
        for statement in ("DELETE FROM tokens", "CREATE TABLE public.mine ()", "SET ROLE oauth2_user"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ask(prepared.monitoring(), statement)
        roles = (
            "SELECT rolname, rolsuper FROM pg_roles WHERE rolname IN ('monitor', 'oauth2_user') ORDER BY 1"
        )
        assert await ask(prepared.monitoring(), roles) == [("monitor", False), ("oauth2_user", False)]

    with_database(demo_server, body)


def test_nobody_connects_without_the_right_password(demo_server: Endpoint) -> None:
    async def body(prepared: Database) -> None:
        for role in ("postgres", "monitor", "oauth2_user"):
            for password in ("", "wrong"):
                conninfo = prepared.endpoint.role(role, password, "test")
                with pytest.raises(psycopg.OperationalError):
                    await ask(conninfo, "SELECT 1")

    with_database(demo_server, body)


def test_every_embedded_version_carries_the_store_and_checks_passwords() -> None:
    newest_embedded()

    async def run(major: int) -> None:
        with command.temporary_folder() as folder:
            async with (
                server.embedded(folder, major) as (endpoint, child),
                database.prepared(endpoint, print) as prepared,
            ):
                assert prepared.version.startswith(f"{major}.")
                assert await ask(prepared.monitoring(), "SELECT current_database()") == [("oauth2",)]
                with pytest.raises(psycopg.OperationalError):
                    await ask(prepared.endpoint.public("postgres"), "SELECT 1")
            assert not child.running

    for major in server.versions():
        asyncio.run(run(major))


def test_the_store_starts_with_a_past_in_every_table_and_state(demo_server: Endpoint) -> None:
    counts = """
    SELECT (SELECT count(*) FROM clients), (SELECT count(*) FROM users), (SELECT count(*) FROM user_sessions),
           (SELECT count(used_at) FROM authorization_codes), count(*),
           count(*) FILTER (WHERE token_type = 'access' AND revoked_at IS NULL AND expires_at > now()),
           count(*) FILTER (WHERE token_type = 'refresh' AND revoked_at IS NULL AND expires_at > now()),
           count(*) FILTER (WHERE revoked_at IS NULL AND expires_at <= now()), count(revoked_at)
    FROM tokens
    """

    async def body(prepared: Database) -> None:
        (found,) = await ask(prepared.application("test"), counts)
        assert found[:3] == (len(clients.CLIENTS), 600, 900)
        assert found[4] == 4900
        assert min(found[5:]) >= 50
        assert found[3] == 600
        assert await ask(prepared.application("test"), "SELECT FROM tokens WHERE created_at > now()") == []

    with_database(demo_server, body)


def test_a_database_of_the_users_own_is_as_empty_afterwards_as_it_was(demo_server: Endpoint) -> None:
    state = """
    SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_roles),
           (SELECT count(*) FROM pg_shdepend), (SELECT count(*) FROM pg_db_role_setting)
    """

    async def body(prepared: Database) -> None:
        assert await ask(prepared.monitoring(), "SELECT token_type FROM tokens LIMIT 1")

    before = asyncio.run(ask(demo_server.superuser(), state))
    with_database(demo_server, body)
    assert asyncio.run(ask(demo_server.superuser(), state)) == before


def test_a_database_or_role_in_use_is_refused_and_left_alone(demo_server: Endpoint) -> None:
    async def run() -> None:
        for make, undo, said in (
            ("CREATE TABLE mine (n int)", "DROP TABLE mine", "public.mine"),
            ("CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1", "DROP SCHEMA s CASCADE", "s.v"),
            ("CREATE ROLE monitor", "DROP ROLE monitor", "role monitor"),
        ):
            await ask(demo_server.superuser(), make)
            with pytest.raises(DemoError, match=said):
                async with database.prepared(demo_server, print):
                    pass
            await ask(demo_server.superuser(), undo)

    asyncio.run(run())


def test_a_role_that_is_no_superuser_is_refused(demo_server: Endpoint) -> None:
    async def body(prepared: Database) -> None:
        with pytest.raises(DemoError, match="superuser"):
            async with database.prepared(Endpoint.of_dsn(prepared.application("test")), print):
                pass

    with_database(demo_server, body)


@pytest.mark.parametrize("dsn", ["hunter2", "postgresql://u:hunter2@h:port/d", "password=hunter2 prot=1"])
def test_a_bad_dsn_is_refused_without_being_quoted(dsn: str) -> None:
    with pytest.raises(DemoError) as caught:
        Endpoint.of_dsn(dsn)
    assert "hunter2" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_server_out_of_reach_is_told_without_the_password() -> None:
    async def run() -> None:
        endpoint = Endpoint.of_dsn(f"host=127.0.0.1 port={free_port()} user=u password=hunter2")
        async with database.prepared(endpoint, print):
            pass

    with pytest.raises(DemoError, match="cannot connect") as caught:
        asyncio.run(run())
    assert "hunter2" not in str(caught.value)


def test_what_is_shown_of_an_endpoint_holds_no_password(tmp_path: Path) -> None:
    endpoint = Endpoint.of_dsn("host=h user=postgres password=hunter2 sslmode=require")
    prepared = Database(endpoint, "18", "hunter2", "hunter2")
    shown = [endpoint.public("monitor"), endpoint.psql_command("oauth2_user", tmp_path), repr(endpoint)]
    shown += [repr(prepared), daemon.configuration(prepared, tmp_path / "password", 1)]
    assert not [text for text in shown if "hunter2" in text]
    assert "sslmode=require" in endpoint.public("monitor")


def test_password_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    prepared = Database(Endpoint.of_dsn("host=h"), "18", "secret", "secret")
    daemon.program(tmp_path, prepared, 1)
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in (daemon.passfile(tmp_path, prepared), *tmp_path.iterdir())
    }
    assert modes["pgpass"] == modes["monitor-password"] == 0o600
