"""Owns the demo's database: its roles, tables and history, and their removal from somebody's server."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from exporter.demo.clients import CLIENTS
from exporter.demo.endpoint import APPLICATION_ROLE, DATABASE, MONITORING_ROLE, Endpoint
from exporter.demo.failure import DemoError
from exporter.demo.trouble import Connection

_HERE = Path(__file__).parent
_ROLES = (APPLICATION_ROLE, MONITORING_ROLE)

_OCCUPIED: LiteralString = """
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND d.objid = c.oid AND d.deptype = 'e')
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Database:
    """The prepared database: who may connect, and with which password."""

    endpoint: Endpoint
    version: str  # of the server
    application_password: str = field(repr=False)
    monitoring_password: str = field(repr=False)

    def application(self, name: str) -> str:
        """Return the application's connection string for an application_name."""
        return self.endpoint.role(APPLICATION_ROLE, self.application_password, name)

    def monitoring(self) -> str:
        """Return the monitoring role's connection string, with its password."""
        return self.endpoint.role(MONITORING_ROLE, self.monitoring_password, "demo")


async def _connect(endpoint: Endpoint) -> Connection:
    try:
        return await psycopg.AsyncConnection.connect(
            endpoint.superuser(), autocommit=True, connect_timeout=10
        )
    except psycopg.OperationalError as error:
        # What libpq says may hold parts of a password with an @ in it, taken for a host.
        code = f"SQLSTATE {error.sqlstate}" if error.sqlstate else "no usable answer"
        raise DemoError(f"cannot connect to the database ({code}); try the same DSN with psql") from None


async def _refuse_what_is_in_use(connection: Connection) -> None:
    """Raise DemoError unless we are a superuser on a primary, in an empty database, our role names free."""
    answer = await connection.execute(
        "SELECT rolsuper, pg_catalog.pg_is_in_recovery() FROM pg_catalog.pg_roles"
        " WHERE rolname = current_user"
    )
    if await answer.fetchone() != (True, False):
        raise DemoError("--postgres: the demo makes roles, so it needs a superuser on a primary server")
    occupied = await (await connection.execute(_OCCUPIED)).fetchone()
    if occupied is not None:
        raise DemoError(f"--postgres: the database is not empty, it has {occupied[0]}; name an empty one")
    roles = await connection.execute(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY (%s)", (list(_ROLES),)
    )
    taken = await roles.fetchone()
    if taken is not None:
        raise DemoError(f"--postgres: the server already has a role {taken[0]}; the demo would change it")


async def _set_password(connection: Connection, role: str) -> str:
    """Give `role` a new password, hashed here, so that the server neither sees nor logs it; return it."""
    password = secrets.token_urlsafe(24)
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    await connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))
    )
    return password


async def _make_application_role(connection: Connection) -> str:
    """Make the application's role, which owns the tables; return its password."""
    role = sql.Identifier(APPLICATION_ROLE)
    await connection.execute(sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 30").format(role))
    # Whoever queues up behind a lock gives up in the end; longer than any lock that the demo holds.
    await connection.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = '30s'").format(role))
    await connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(role))
    return await _set_password(connection, APPLICATION_ROLE)


async def _fill(conninfo: str) -> None:
    """Make the tables as the application's role, and give them a past."""
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        await connection.execute((_HERE / "schema.sql").read_bytes())
        async with connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO clients (client_id, client_secret, client_name, redirect_uris, grant_types,"
                " scope, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, 'openid profile',"
                " now() - interval '90 days', now() - interval '30 days')",
                [
                    (
                        *(client.client_id, secrets.token_hex(24), client.name),
                        [client.redirect_uri] if client.redirect_uri else [],
                        list(client.grant_types),
                    )
                    for client in CLIENTS
                ],
            )
        await connection.execute((_HERE / "history.sql").read_bytes())


async def _remove(connection: Connection) -> None:
    """Drop what the demo made: everything that its roles own or were granted, then the roles."""
    for role in _ROLES:
        exists = await connection.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", (role,))
        if await exists.fetchone() is not None:
            await connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


@asynccontextmanager
async def prepared(endpoint: Endpoint, say: Callable[[str], None]) -> AsyncIterator[Database]:
    """Make roles, tables and history; on a server that is not ours, remove them at the end.

    Raises:
        DemoError: it cannot be reached, or is in use already.
    """
    async with await _connect(endpoint) as connection:
        if endpoint.embedded:
            await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            endpoint = endpoint.at(DATABASE)
        else:
            await _refuse_what_is_in_use(connection)
            endpoint = endpoint.resolved(connection.info.get_parameters())
    try:
        yield await _make(endpoint)
    finally:
        if not endpoint.embedded:
            say("removing the demo's tables and roles")
            async with await _connect(endpoint) as connection:
                await _remove(connection)


async def _make(endpoint: Endpoint) -> Database:
    async with await _connect(endpoint) as connection:
        version = connection.info.parameter_status("server_version") or "?"
        application = await _make_application_role(connection)
        await _fill(endpoint.role(APPLICATION_ROLE, application, "flyway"))
        await connection.execute((_HERE / "role.sql").read_bytes())
        monitoring = await _set_password(connection, MONITORING_ROLE)
    return Database(endpoint, version, application, monitoring)
