"""Owns how tests ask a shipped query of a real server and read its samples."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from exporter import profile_files
from exporter.catalog import load, shipped_directory
from exporter.derive import DERIVATIONS
from exporter.dialect import in_engine
from exporter.engines import Engine
from exporter.model import DatabaseInfo, ExtensionInfo, Family, Histogram, Number, Query, Rows, Scope
from exporter.overlay import bound, in_schema
from exporter.quoting import parts
from exporter.rest import summed_up
from exporter.rights import needed_columns
from exporter.samples import families
from exporter.token_store import Choice
from servers import MONITOR, Server

# The store of the tests is that of the profile `seed`, in the schema public.
SEED = Choice({"seed": profile_files.load([profile_files.shipped_directory()])["seed"]}).placed("public")


CATALOG = load([shipped_directory()], DERIVATIONS)


def in_place() -> Iterator[Query]:
    """Yield the shipped queries for PostgreSQL, those over token stores in terms of the tests' tables."""
    for query in CATALOG.queries.values():
        made = bound(query, SEED) if query.over else in_engine(query, Engine.POSTGRESQL)
        if isinstance(made, Query):
            yield made


QUERIES = {query.name: query for query in in_place()}

# The tables of the token store, as its migrations make them.
TOKENS = (Path(__file__).parent / "schemas" / "seed.sql").read_text()


@dataclass(frozen=True, slots=True)
class Answer:
    """The samples of one run, looked up by the labels that matter to a test."""

    families: tuple[Family, ...]

    def values(self, family: str, **labels: str) -> list[Number]:
        """Return the values of a family's series that have these labels."""
        return [
            sample.value
            for one in self.families
            if one.name == family
            for sample in one.samples
            if labels.items() <= dict(zip(one.label_names, sample.labels, strict=True)).items()
            and not isinstance(sample.value, Histogram)
        ]

    def value(self, family: str, **labels: str) -> Number | None:
        """Return the value of the one series that has these labels, None when there is none."""
        found = self.values(family, **labels)
        assert len(found) < 2, f"several series of {family} have {labels}"
        return found[0] if found else None


def ask(
    name: str, server: Server, database: str = "postgres", dsn: str | None = None, limit: int | None = None
) -> Answer:
    """Run a shipped query once, as the role `monitor` unless a DSN says otherwise."""
    with connect(dsn or server.monitor_dsn(database)) as connection:
        return ask_on(connection, name, limit=limit)


def ask_on(
    connection: psycopg.Connection,
    name: str,
    previous: object | None = None,
    now: float = 0.0,
    limit: int | None = None,
) -> Answer:
    """Run a shipped query once on an open connection, with its own limit or another one."""
    query = QUERIES[name] if limit is None else replace(QUERIES[name], limit=limit)
    database = connection.info.dbname if query.scope is Scope.DATABASE else None
    rows = run(connection, query)
    if query.derive is not None:
        rows, _ = DERIVATIONS[query.derive](rows, previous, now)
    if query.rest:
        rows, _ = summed_up(query, rows, None)
    return Answer(families(query, rows, "test", database).families)


def run(connection: psycopg.Connection, query: Query) -> Rows:
    """Run the variant of a query that fits the server; return what the server answers."""
    sql = in_schema(query, _extensions(connection)).sql_for(connection.info.server_version // 10000)
    assert sql is not None
    cursor = connection.execute(sql.encode())
    assert cursor.description is not None
    return Rows(tuple(column.name for column in cursor.description), cursor.fetchall())


def _extensions(connection: psycopg.Connection) -> DatabaseInfo:
    found = connection.execute(
        "select extname, extversion, extnamespace::pg_catalog.regnamespace::text from pg_catalog.pg_extension"
    )
    return DatabaseInfo(
        connection.info.dbname,
        {name: ExtensionInfo(version, parts(schema)[0]) for name, version, schema in found},
    )


@contextmanager
def connect(dsn: str, application_name: str = "test") -> Iterator[psycopg.Connection]:
    """Open a session as tests of queries need it: each statement its own transaction, nothing in the path."""
    options = "-c search_path= -c default_transaction_read_only=on"
    with psycopg.connect(
        dsn, autocommit=True, options=options, application_name=application_name
    ) as connection:
        yield connection


@contextmanager
def fresh_database(server: Server) -> Iterator[str]:
    """Create a database on a primary, and drop it with whoever is connected."""
    name = f"shipped_{secrets.token_hex(4)}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        yield name
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def fresh_role(server: Server, settings: str = "") -> Iterator[tuple[str, str]]:
    """Create a role that may log in and nothing else; yield its name and its password."""
    name, password = f"shipped_{secrets.token_hex(4)}", secrets.token_hex(12)
    server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {settings}")
    try:
        yield name, password
    finally:
        server.execute(f"DROP ROLE {name}")


def until(server: Server, sql: str, database: str) -> None:
    """Wait until a condition holds: statistics come a while after their session has ended."""
    deadline = time.monotonic() + 20
    while server.execute(f"SELECT {sql}", database) != [(True,)]:
        assert time.monotonic() < deadline, f"not within 20 s: {sql}"
        time.sleep(0.02)


@contextmanager
def changed(server: Server, name: str, value: str) -> Iterator[None]:
    """Change a setting in the configuration files, and take it back."""
    server.execute(f"ALTER SYSTEM SET {name} = {value}")
    server.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        server.execute(f"ALTER SYSTEM RESET {name}")
        server.execute("SELECT pg_reload_conf()")


def grant_columns(server: Server, database: str) -> None:
    """Give the role `monitor` the columns that the catalogue says it needs in this database, no others."""
    for name, columns in needed_columns(QUERIES).items():
        server.execute(f"GRANT SELECT ({', '.join(columns)}) ON {name} TO {MONITOR}", database)
