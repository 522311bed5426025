"""Every query answers in a database whose names hold quotes, line ends, umlauts and bytes of no encoding."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Mapping

import psycopg
import pytest
from psycopg.pq import ExecStatus

from exporter.database import Database
from exporter.model import Query, Rows, Scope, Target
from exporter.rest import summed_up
from exporter.samples import SampleSet, families
from exporter.targets import skip
from servers import Server
from shipped import QUERIES, until

# %b is the odd part of a name in quotes, %s the same within a text.
_OBJECTS = b"""
CREATE SCHEMA "schema%b";
CREATE TABLE "schema%b"."table%b" ("column%b" serial PRIMARY KEY, "text%b" text);
CREATE INDEX "index%b" ON "schema%b"."table%b" ("text%b");
CREATE SEQUENCE "schema%b"."sequence%b";
CREATE FUNCTION "schema%b"."function%b"() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE TABLE "schema%b"."parent%b" ("at%b" date) PARTITION BY RANGE ("at%b");
CREATE TABLE "schema%b"."child%b" PARTITION OF "schema%b"."parent%b"
    FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO "schema%b"."table%b" ("text%b") SELECT 'x' FROM generate_series(1, 50);
ANALYZE "schema%b"."table%b";
SET track_functions = 'all';
SELECT "schema%b"."function%b"(), nextval('"schema%s"."sequence%s"');
"""
_ODD = b"' \" \n \xc3\xa4 \xe9\xff \\ {}$1;--"
_QUOTED = _ODD.replace(b'"', b'""')
_SEEN = _ODD.decode(errors="replace")


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[str]:
    """A database in SQL_ASCII, which takes any bytes, with one of everything."""
    name = f"names_{secrets.token_hex(4)}"
    options = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    server.execute(f"CREATE DATABASE {name} {options}")
    try:
        # A text in no encoding would cost every reader of pg_stat_statements with texts an error, for ever.
        server.execute(f"ALTER DATABASE {name} SET pg_stat_statements.track = 'none'")
        with psycopg.connect(server.dsn(name), autocommit=True, client_encoding="SQL_ASCII") as session:
            sql = _OBJECTS.replace(b"%b", _QUOTED).replace(b"%s", _QUOTED.replace(b"'", b"''"))
            made = session.pgconn.exec_(sql)
            assert made.status == ExecStatus.TUPLES_OK, made.error_message
        until(server, "n_tup_ins = 50 FROM pg_stat_user_tables WHERE relname LIKE 'table%'", name)
        until(server, "sum(calls) = 1 FROM pg_stat_user_functions", name)
        yield name
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _answers(server: Server, database: str) -> Mapping[str, Rows]:
    """Run as the daemon does what looks at a database and not at a token store, as one who may see all."""
    return asyncio.run(_ask(Target("test", server.dsn(database)), database))


async def _ask(target: Target, database: str) -> Mapping[str, Rows]:
    gateway = Database(target, random=lambda: 0.0)
    try:
        info, facts = await gateway.server_info(), await gateway.database_info([], database)
        return {
            query.name: await gateway.fetch(
                query.sql_for(info.major) or "", timeout=query.timeout, database=database, heavy=True
            )
            for query in QUERIES.values()
            if query.scope is Scope.DATABASE and not query.over and not query.derive
            if not query.alternatives and skip(query, info, facts) is None
        }
    finally:
        await gateway.close()


def _samples(query: Query, rows: Rows, database: str) -> SampleSet:
    if query.rest:
        rows, _ = summed_up(query, rows, None)
    return families(query, rows, "test", database)


def test_odd_names_are_labels_and_cost_no_sample(server: Server, database: str) -> None:
    answers = _answers(server, database)
    found = {name: _samples(QUERIES[name], rows, database) for name, rows in answers.items()}
    assert {name: one.dropped for name, one in found.items() if one.dropped} == {}
    labels = {
        (family.name, label)
        for one in found.values()
        for family in one.families
        for sample in family.samples
        for label in sample.labels
    }
    for family, label in (
        ("pg_stat_user_tables_n_live_tup", "table"),
        ("pg_statio_user_tables_heap_blocks_hit_total", "table"),
        ("pg_table_size_bytes", "table"),
        ("pg_stat_user_functions_calls_total", "function"),
        ("pg_sequence_used_ratio", "sequence"),
        ("pg_partitioned_table_newest_bound_timestamp_seconds", "parent"),
    ):
        assert (family, label + _SEEN) in labels
        assert (family, "schema" + _SEEN) in labels
