"""Every statement of every runbook runs: as the monitoring role where it is about the server, and only reads.

A block is marked by where it runs: `sql` on a primary, `sql standby` on a standby, `sql seed` beside the
token store of the seed, `sql pgbouncer` on its console. What changes something is marked `sql by-hand` and is
not executed here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg
import pytest

from pooler import pooled
from servers import Server
from shipped import fresh_database
from shipped_alerts import FOLDER

_SCHEMA = FOLDER.parent / "tests/schemas/seed.sql"
_BLOCK = re.compile(r"^ *```sql *([a-z-]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_PLACES = ("", "standby", "seed", "pgbouncer", "by-hand")


@dataclass(frozen=True, slots=True)
class Block:
    """SQL of a runbook, and where it runs."""

    runbook: str
    place: str
    sql: str


def blocks() -> list[Block]:
    """Return all blocks of all runbooks."""
    return [
        Block(path.stem, place, sql)
        for path in sorted(FOLDER.glob("runbooks/*.md"))
        for place, sql in _BLOCK.findall(path.read_text())
    ]


BLOCKS = blocks()


def of(place: str) -> list[Block]:
    """Return the blocks for one place."""
    return [block for block in BLOCKS if block.place == place]


def faults(connection: psycopg.Connection, found: list[Block], *, read_only: bool = True) -> list[str]:
    """Execute blocks, each in a transaction that reads only; return what went wrong."""
    wrong = []
    for block in found:
        try:
            with connection.transaction():
                if read_only:
                    connection.execute("set transaction read only")
                    connection.execute("set local statement_timeout = '10s'")
                connection.execute(block.sql.encode())
        except psycopg.Error as error:
            wrong.append(f"{block.runbook}: {error} in {block.sql}")
    return wrong


def test_every_block_says_where_it_runs() -> None:
    assert BLOCKS
    assert [block for block in BLOCKS if block.place not in _PLACES] == []


def test_every_statement_about_a_server_runs_as_the_monitoring_role_and_only_reads(server: Server) -> None:
    with psycopg.connect(server.monitor_dsn(), autocommit=True) as connection:
        assert faults(connection, of("")) == []


def test_every_statement_about_a_standby_runs_on_one(standby: Server) -> None:
    with psycopg.connect(standby.monitor_dsn(), autocommit=True) as connection:
        assert faults(connection, of("standby")) == []


def test_every_statement_about_a_token_store_runs_beside_the_seeds_and_only_reads(server: Server) -> None:
    with (
        fresh_database(server) as database,
        psycopg.connect(server.dsn(database), autocommit=True) as connection,
    ):
        connection.execute(_SCHEMA.read_bytes())
        assert faults(connection, of("seed")) == []


def test_every_statement_for_the_console_of_pgbouncer_runs_there(a_server: Server) -> None:
    with (
        pooled(a_server) as dsn,
        psycopg.connect(dsn, dbname="pgbouncer", autocommit=True) as console,
    ):
        for block in of("pgbouncer"):
            console.pgconn.exec_(block.sql.encode())  # the console has no prepared statements


@pytest.mark.parametrize("block", of("by-hand"), ids=lambda block: block.runbook)
def test_no_block_by_hand_holds_a_statement_that_destroys_without_a_word(block: Block) -> None:
    text = block.sql.lower()
    assert not re.search(r"\b(drop\s+table|truncate)\b", text)
    assert "delete" not in text or "limit" in text, "rows are deleted in batches"
