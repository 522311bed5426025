"""Makes tables of tokens for tests, counts them by arithmetic, and asks a server for the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import psycopg

from exporter.counting import TID_RANGE, Draw, Method, Moment, Plan, TimeType, TokenSource, leaves
from exporter.counting_sql import leaves_statement, statement
from exporter.derive.token_counts import COLUMNS, DERIVED, token_counts
from exporter.model import Rows
from servers import Server

NOW = "timestamptz '2026-01-01 00:00:00+00'"
WHOLE = Plan(Method.SCAN, "", 60.0)
# A row every 10 s until 5 s ago: 20,000 reach back 55 h, on some 900 blocks. Access tokens live 1 h, refresh
# tokens 30 h.
_FILL = """
ALTER DATABASE {database} SET timezone = 'America/New_York';
CREATE TABLE public.tokens (
    id bigint, kind text, secret text, issued {type}, expires {type}, revoked boolean, used boolean
);
INSERT INTO public.tokens
SELECT id, CASE WHEN id % 5 = 0 THEN 'refresh' ELSE 'access' END, rpad('secret', 250, 'x'),
    {issued}, {expires}, id % 20 = 7, id % 30 = 5
FROM (
    SELECT id, {now} - interval '10 s' * (20000.5 - id) AS at,
        CASE WHEN id % 5 = 0 THEN interval '30 h' ELSE interval '1 h' END AS life
    FROM generate_series(1, 20000) AS id
) AS row;
VACUUM ANALYZE public.tokens
"""
_AS = {
    TimeType.TZ: ("timestamptz", "{}"),
    TimeType.NAIVE_UTC: ("timestamp", "({}) AT TIME ZONE 'UTC'"),
    TimeType.EPOCH: ("bigint", "extract(epoch FROM {})::bigint"),
    TimeType.TEXT_ISO: (
        "text",
        """to_char(({}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'""",
    ),
}
Fill = Callable[..., TokenSource]


def fill_table(server: Server, database: str, time: TimeType = TimeType.NAIVE_UTC) -> TokenSource:
    """Make the table with times stored in that type; return its source."""
    type_, cast_ = _AS[time]
    sql = _FILL.format(
        database=database,
        type=type_,
        now=NOW,
        issued=cast_.format("at"),
        expires=cast_.format("at + life"),
    )
    for each in sql.split(";\n"):
        server.execute(each, database)
    return TokenSource(
        "public.tokens",
        "kind",
        Moment("expires", time, "expires"),
        revoked="revoked",
        used="used",
        issued=Moment("issued", time, "issued"),
        kinds=("access", "refresh"),
        lifetimes={"access": 3600, "refresh": 30 * 3600},
    )


def truth_of_table() -> dict[tuple[str, str], int]:
    """Count what _FILL inserts, by its own arithmetic."""
    counts = {
        (kind, state): 0
        for kind in ("access", "refresh")
        for state in ("active", "expired", "revoked", "used")
    }
    for number in range(1, 20_001):
        kind = "access" if number % 5 else "refresh"
        left = (3_600 if number % 5 else 30 * 3_600) - 10 * (20_000.5 - number)
        state = "active" if left > 0 else "expired"
        state = "used" if number % 30 == 5 else state
        state = "revoked" if number % 20 == 7 else state
        counts[kind, state] += 1
    return counts


class Counted:
    """The answer to one run: numbers, half-widths and methods by kind and state; and the memory."""

    def __init__(self, rows: Rows, previous: object | None = None) -> None:
        derived, self.memory = token_counts(rows, previous, 0.0)
        assert derived.columns == DERIVED
        table = cast("list[tuple[str, str, float, float, str]]", derived.rows)
        self.counts = {(kind, state): count for kind, state, count, _, _ in table}
        self.half_widths = {(kind, state): half for kind, state, _, half, _ in table}
        self.methods = {(kind, state): method for kind, state, _, _, method in table}


def ask(server: Server, database: str, source: TokenSource, plan: Plan, now: str = NOW) -> Rows:
    """Run a plan; before version 14 with blocks drawn by chance, as is chosen there."""
    plan = replace(plan, by_tid=plan.by_tid and server.major >= TID_RANGE)
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute("SET search_path = ''")
        found = leaves(Rows((), connection.execute(leaves_statement(source).encode()).fetchall()))
        cursor = connection.execute(statement(source, plan, found, now).encode())
        columns = tuple(column.name for column in cursor.description or ())
        assert columns == COLUMNS
        return Rows(columns, cursor.fetchall())


def sample(blocks: int, *, tail: bool = False, share: float = 0.0, by_tid: bool = True) -> Plan:
    draw = Draw("public.tokens", blocks, tail)
    return Plan(Method.SAMPLE, "", 300.0, (draw,), share, by_tid)
