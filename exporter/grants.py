"""Owns the command `grants`: the SQL of a role that can do what the enabled queries need, and no more."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from exporter import column_statistics
from exporter.configuration import Configuration
from exporter.engines import Engine
from exporter.errors import QueryError
from exporter.gateways import gateway_to
from exporter.model import Query, Target
from exporter.quoting import body, identifier, literal, parts
from exporter.rights import needed_columns, placed, unreadable
from exporter.survey import Exit, Survey, UnknownNameError, complain, survey, targets_meant
from exporter.table import cell

_LONGEST_NAME = 63  # bytes, of any identifier
_NOT_FOR_ROLES = frozenset({"public", "none", "current_role", "current_user", "session_user"})
_DEFAULT_CONNECTIONS = 3
_LEAST_SECONDS = 30
_RESERVED_SINCE = 16

_NOTHING = """\
-- No target is a PostgreSQL: there is nothing to grant. SQLite's file has to be readable, in WAL mode also
-- the files -wal and -shm, and the folders above enterable. PgBouncer names the role in `stats_users`.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the script is made of.

    `relations` holds the columns to be read by relation, as SQL writes its name; `unreadable` its other
    columns, when a server was asked. Without `databases` the script is about the one that it is run in.
    """

    role: str
    relations: Mapping[str, tuple[str, ...]]
    databases: tuple[str, ...] = ()
    connections: int = _DEFAULT_CONNECTIONS
    seconds: int = _LEAST_SECONDS
    password: bool = False
    column_statistics: bool = False
    major: int | None = None
    unreadable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `grants`."""
    parser.add_argument(
        "--role", required=True, metavar="NAME", help="the role; it is created when it is missing"
    )
    parser.add_argument(
        "--database",
        action="append",
        default=[],
        metavar="NAME",
        help="a database to grant in, may be given again; without: the one that the script is run in",
    )
    parser.add_argument(
        "--password-placeholder",
        action="store_true",
        help="set the password, too, from the psql variable `password`; without: a comment says how",
    )
    parser.add_argument(
        "--column-statistics",
        action="store_true",
        help="create a function that shows the role fractions and widths of columns, no values: without it"
        " the bloat of tables that the role may not read is not estimated",
    )
    parser.add_argument("--target", metavar="NAME", help="connect, to adapt the script to this server")
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="the kind of token store; without: as configured, as recognised with --target, or else seed",
    )
    parser.add_argument("--schema", default="public", help="where its tables are; default public")


async def run(configuration: Configuration, args: argparse.Namespace, out: TextIO) -> int:
    """Print the script; return the exit code."""
    try:
        _check_names(args.role, args.database)
        targets = configuration.targets if args.target is None else targets_meant(configuration, args.target)
        if targets and all(target.engine is not Engine.POSTGRESQL for target in targets):
            out.write(_NOTHING)
            return Exit.FINE
        targets = tuple(target for target in targets if target.engine is Engine.POSTGRESQL)
        found = None if args.target is None else await _ask(targets[0], configuration)
        queries = placed(configuration, args.profile, args.schema, found)
    except UnknownNameError as error:
        return complain(error)
    except QueryError as error:
        sys.stderr.write(f"{args.target}: cannot be reached: {error}\n")
        return Exit.UNREACHABLE
    out.writelines(f"{line}\n" for line in script(wanted(queries, targets, args, found)))
    return Exit.FINE


def _check_names(role: str, databases: Sequence[str]) -> None:
    if role in _NOT_FOR_ROLES or role.startswith("pg_"):
        raise UnknownNameError(f"--role {role!r}: PostgreSQL keeps that name for itself")
    for option, name in [("--role", role), *(("--database", database) for database in databases)]:
        if not 0 < len(name.encode()) <= _LONGEST_NAME or not name.isprintable():
            raise UnknownNameError(f"{option}: a name has 1 to {_LONGEST_NAME} bytes, all of them printable")


async def _ask(target: Target, configuration: Configuration) -> Survey:
    gateway = gateway_to(target)
    try:
        choice = configuration.stores[target.name]
        return await survey(gateway, target, configuration.queries, choice)
    finally:
        await gateway.close()


def wanted(
    queries: Mapping[str, Query], targets: Sequence[Target], args: argparse.Namespace, found: Survey | None
) -> Wanted:
    """Merge what the enabled queries need, the targets' settings and the options."""
    columns = needed_columns(queries)
    return Wanted(
        role=args.role,
        relations=columns,
        databases=tuple(args.database),
        connections=max((target.max_connections for target in targets), default=_DEFAULT_CONNECTIONS),
        seconds=max([_LEAST_SECONDS, *(math.ceil(query.timeout) for query in queries.values())]),
        password=args.password_placeholder,
        column_statistics=args.column_statistics,
        major=found.server.major if found else None,
        unreadable=unreadable(found, columns) if found else {},
    )


def script(want: Wanted) -> Iterator[str]:
    """Yield the script's lines. It runs under psql on every supported version, and again without a change."""
    yield from _preface()
    yield from _role(want)
    yield from _belt(want)
    if not want.databases:
        yield from _database(want, None)
    for name in want.databases:
        yield ""
        yield f"\\connect {_psql(name)}"
        yield "SET client_min_messages = warning;"
        yield from _database(want, name)


def _preface() -> Iterator[str]:
    yield "-- What pg-oauth-exporter needs to watch this server, and no more."
    yield "-- Run it as a superuser with: psql -v ON_ERROR_STOP=1 -f -"
    yield "-- It takes no right away, changes no table, and may be run again at any time."
    yield ""
    yield "SET client_min_messages = warning;"


def _role(want: Wanted) -> Iterator[str]:
    role = identifier(want.role)
    limit = want.connections * 2
    yield ""
    yield "-- A role of its own: for a role that an application uses, the limits below would be harmful."
    yield from _block(
        "IF EXISTS (",
        "    SELECT FROM pg_catalog.pg_roles AS r",
        f"    WHERE r.rolname = {literal(want.role)}",
        "      AND (r.rolsuper OR EXISTS (",
        "        SELECT FROM pg_catalog.pg_shdepend AS d",
        "        WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass",
        "          AND d.refobjid = r.oid AND d.deptype = 'o'",
        "      ))",
        ") THEN",
        f"    RAISE EXCEPTION USING MESSAGE = {literal(_refusal(want.role))};",
        "END IF;",
        f"IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(want.role)}) THEN",
        f"    CREATE ROLE {role} LOGIN;",
        "END IF;",
    )
    yield f"-- The daemon holds at most {want.connections}; the rest is for a restart and for other commands."
    yield f"ALTER ROLE {role} LOGIN INHERIT CONNECTION LIMIT {limit};"
    yield from _password(want)
    yield ""
    yield "-- All statistics and settings of the server; no table."
    yield f"GRANT pg_monitor TO {role};"
    yield from _reserved(want)


def _refusal(role: str) -> str:
    return f"role {role} is a superuser or owns objects: choose a role of its own for monitoring"


def _password(want: Wanted) -> Iterator[str]:
    role = identifier(want.role)
    if want.password:
        yield '-- Needs: psql -v password="$(cat FILE)"; the server logs it under log_statement.'
        yield f"ALTER ROLE {role} PASSWORD :'password';"
    else:
        yield f"-- Set its password by hand, so that no file and no log holds it:  \\password {role}"


def _reserved(want: Wanted) -> Iterator[str]:
    grant = f"GRANT pg_use_reserved_connections TO {identifier(want.role)};"
    if want.major is not None and want.major < _RESERVED_SINCE:
        return
    yield ""
    yield "-- PostgreSQL 16 and later: a connection when ordinary slots are out (see reserved_connections)."
    if want.major is not None:
        yield grant
        return
    yield from _block(
        "IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pg_use_reserved_connections') THEN",
        f"    {grant}",
        "END IF;",
    )


def _belt(want: Wanted) -> Iterator[str]:
    role = identifier(want.role)
    yield ""
    yield "-- A belt: the daemon sets tighter limits itself; these hold for whatever else uses the role."
    yield f"ALTER ROLE {role} SET default_transaction_read_only = on;"
    yield f"ALTER ROLE {role} SET statement_timeout = '{want.seconds}s';"
    yield f"ALTER ROLE {role} SET lock_timeout = '1s';"
    yield f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '{_LEAST_SECONDS}s';"


def _database(want: Wanted, name: str | None) -> Iterator[str]:
    role = identifier(want.role)
    yield ""
    if name is None:
        yield "-- The database that this runs in."
        connect = "'GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), " + literal(want.role)
        yield from _block(f"EXECUTE pg_catalog.format({connect});")
    else:
        yield f"GRANT CONNECT ON DATABASE {identifier(name)} TO {role};"
    for table, columns in want.relations.items():
        yield ""
        yield from _relation(want, table, columns)
    if want.column_statistics:
        yield ""
        yield from column_statistics.creation(want.role)
    if want.relations:
        yield ""
        yield "-- No other column becomes readable. `doctor` tells if one is, by PUBLIC or another role."


def _relation(want: Wanted, table: str, columns: tuple[str, ...]) -> Iterator[str]:
    role, where = identifier(want.role), "in database %"
    unreadable = want.unreadable.get(table, ())
    if unreadable:
        # The names come from the server: one with a line break must not become a line of the script.
        yield cell(f"-- Not readable in {table}: {', '.join(unreadable)}.")
    listed = ", ".join(identifier(column) for column in columns)
    said = table.replace("%", "%%")
    yield from _block(
        f"IF pg_catalog.to_regclass({literal(table)}) IS NULL THEN",
        f"    RAISE WARNING {literal(f'{said} is not {where}: nothing to grant')},",
        "        pg_catalog.current_database();",
        "ELSE",
        f"    GRANT USAGE ON SCHEMA {identifier(parts(table)[0])} TO {role};",
        f"    GRANT SELECT ({listed}) ON {table} TO {role};",
        "END IF;",
        after=(
            "EXCEPTION WHEN undefined_column THEN",
            f"    RAISE WARNING {literal(f'{said} {where}: %; nothing was granted on it')},",
            "        pg_catalog.current_database(), SQLERRM;",
        ),
    )


def _block(*statements: str, after: Sequence[str] = ()) -> Iterator[str]:
    lines = ["BEGIN", *(f"    {line}" for line in statements), *after, "END"]
    yield from f"DO {body(chr(10).join(lines))};".splitlines()


def _psql(name: str) -> str:
    """Return a database's name for psql, which takes any name in double quotes."""
    return '"' + name.replace('"', '""') + '"'
