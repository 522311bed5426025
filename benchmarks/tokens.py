"""Measures the counting of tokens: blocks, time, error, and how often the interval published holds the truth.

    python benchmarks/tokens.py --dsn postgresql://postgres@127.0.0.1/bench --variant a --rows 5000000

The database is one that tokens_generate.py filled with the same arguments; it is changed. The load goes on by
its own clock for an hour in steps of five minutes, so that arrivals are seen as a daemon would; then comes
ANALYZE, and all is measured with and without an index on the expiry; then 5 % more rows, and again.

Errors are in percent: root mean square / 95 of 100 are within / worst. "held" is how often the interval
published held the truth, for the kind and state where it did least often, and on average.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

import psycopg

from benchmarks.tokens_generate import END, Connection, Load, append, appended, churned, live, run
from benchmarks.tokens_score import MEASURES, RUNS, Cells, Result, Score, report
from exporter.counter import known_of
from exporter.counting import (
    IndexCost,
    Moment,
    Plan,
    TimeType,
    TokenSource,
    choose,
    index_cost,
    leaves,
)
from exporter.counting_sql import leaves_statement, statement
from exporter.derive.token_counts import token_counts
from exporter.derive.token_memory import Memory
from exporter.model import Rows

SOURCE = TokenSource(
    relation="public.tokens",
    kind="CASE token_type WHEN 'access' THEN 'access' WHEN 'refresh' THEN 'refresh' ELSE 'other' END",
    expires=Moment("expires_at", TimeType.NAIVE_UTC, "expires_at"),
    revoked="revoked_at IS NOT NULL",
    issued=Moment("created_at", TimeType.NAIVE_UTC, "created_at"),
    kinds=("access", "refresh"),
    lifetimes={"access": 3600, "refresh": 30 * 86400},
)
HOUR = timedelta(minutes=65)
STEP = timedelta(minutes=5)
_SESSION = (
    "SET jit = off; SET max_parallel_workers_per_gather = 0; SET search_path = ''; SET timezone = 'UTC';"
    " SET work_mem = '4MB'"
)
_NAIVE = """
SELECT token_type, sum(CASE WHEN revoked_at IS NOT NULL THEN 1 ELSE 0 END),
    sum(CASE WHEN revoked_at IS NULL AND expires_at <= timestamp '{now}' THEN 1 ELSE 0 END),
    sum(CASE WHEN revoked_at IS NULL AND expires_at > timestamp '{now}' THEN 1 ELSE 0 END)
FROM public.tokens GROUP BY token_type"""


class Bench:
    """The table under test, its load, and the arrivals that a daemon would have seen."""

    def __init__(self, connection: Connection, load: Load, *, appending: bool) -> None:
        self.connection = connection
        self.load = load
        self.appending = appending
        self.now = END
        self.memory: object | None = None

    def advance(self, until: datetime, step: timedelta, *, watch: bool) -> None:
        """Let the table live until then; look at it after every step when told to."""
        while self.now < until:
            following = min(self.now + step, until)
            if self.appending:
                append(self.connection, self.load, self.now, following)
            else:
                live(self.connection, self.load, self.now, following, step)
            self.now = following
            if watch:
                self.observe()

    def observe(self) -> None:
        """Run the real statement once with few blocks, for the memory's counters of arrivals."""
        run(self.connection, "SELECT pg_stat_force_next_flush()")
        plan = self.plan()
        self.memory = token_counts(self.fetch(plan), self.memory, 0.0)[1]

    def plan(
        self, cost: IndexCost | None = None, memory: object | None = None, last: Plan | None = None
    ) -> Plan:
        """Choose as the exporter does."""
        facts = self.answer(leaves_statement(SOURCE))
        major = self.connection.info.server_version // 10000
        known = known_of(SOURCE, memory, last) if isinstance(memory, Memory) else None
        return choose(SOURCE, leaves(facts), major, cost=cost, known=known)

    def sql(self, plan: Plan) -> str:
        """Return the statement of the plan at the load's own time."""
        facts = leaves(self.answer(leaves_statement(SOURCE)))
        return statement(SOURCE, plan, facts, f"timestamptz '{self.now}+00'")

    def fetch(self, plan: Plan) -> Rows:
        """Run the plan once."""
        return self.answer(self.sql(plan))

    def answer(self, sql: str) -> Rows:
        """Run SQL built here and return its answer."""
        cursor = self.connection.execute(sql.encode(), binary=True)
        names = tuple(column.name for column in cursor.description or ())
        return Rows(names, cursor.fetchall())

    def truth(self) -> Cells:
        """Count exactly, with SQL that shares nothing with the exporter's."""
        rows = self.answer(_NAIVE.format(now=self.now)).rows
        return {
            (cast("str", kind), state): float(cast("int", count))
            for kind, *counts in rows
            for state, count in zip(("revoked", "expired", "active"), counts, strict=True)
        }

    def index_cost(self) -> IndexCost | None:
        """Return what the index costs, as the second run knows it."""
        plan, cost = self.plan(), None
        for _attempt in range(3):
            cost = index_cost(self.fetch(plan), plan) or cost
            plan = self.plan(cost)
        return cost

    def cost(self, sql: str, times: int) -> tuple[float, float]:
        """Return blocks touched and milliseconds, the medians."""
        blocks, spent = [], []
        for _time in range(times):
            lines = self.answer("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, COSTS OFF) " + sql).rows
            text = [cast("str", line[0]) for line in lines]
            root = next(line for line in text if "Buffers: shared" in line)
            blocks.append(
                sum(int(part.split("=")[1]) for part in root.split() if part.startswith(("hit=", "read=")))
            )
            started = time.perf_counter()
            self.answer(sql)
            spent.append((time.perf_counter() - started) * 1000)
        return statistics.median(blocks), statistics.median(spent)

    def measure(self, label: str, seeds: int) -> Result:
        """Measure one condition over that many draws, each alone and followed by others, as in a daemon."""
        truth = self.truth()
        cost = self.index_cost()
        alone, together = Score(truth), Score(truth)
        plan: Plan | None = None
        for seed in range(seeds):
            run(self.connection, f"SELECT setseed({seed / seeds})")
            memory, plan = forget(self.memory), None
            runs: dict[str, None] = {}  # the statements of a chain, each once
            for number in range(RUNS):
                plan = self.plan(cost, memory, plan)
                sql = self.sql(plan)
                runs[sql] = None
                found, memory = token_counts(self.answer(sql), memory, 0.0)
                if not number:
                    alone.add(found)
            together.add(found)
        costs = [self.cost(sql, 7) for sql in runs]
        blocks, spent = max(blocks for blocks, _ in costs), max(spent for _, spent in costs)
        return Result(
            label,
            plan.why if plan else "",
            blocks,
            spent,
            alone.errors,
            together.errors,
            alone.held(),
            together.held(),
            alone.methods,
        )


def forget(memory: object | None) -> object | None:
    """Return the memory without its averages, so that a draw stands alone; the arrivals stay."""
    return Memory({}, memory.history, memory.lifetimes, 0) if isinstance(memory, Memory) else None


def conditions(bench: Bench, seeds: int) -> Iterator[Result]:
    """Measure with and without an index, freshly analysed and after 5 % more rows."""
    rows = int(
        cast(
            "float",
            bench.answer(
                "SELECT reltuples FROM pg_catalog.pg_class WHERE oid = 'public.tokens'::regclass"
            ).rows[0][0],
        )
    )
    run(bench.connection, "DROP INDEX IF EXISTS public.tokens_expires")
    bench.advance(END + HOUR, STEP, watch=True)
    run(bench.connection, "ANALYZE public.tokens")
    for stage in ("analysed", "+5 %"):
        run(bench.connection, "CHECKPOINT")
        yield bench.measure(f"no index, {stage}", seeds)
        run(bench.connection, "CREATE INDEX tokens_expires ON public.tokens (expires_at)")
        yield bench.measure(f"index, {stage}", seeds)
        run(bench.connection, "DROP INDEX public.tokens_expires")
        if stage == "analysed":
            more = bench.load.before(bench.now) + rows // 20
            until = bench.load.issued(more)
            bench.advance(until - HOUR, timedelta(hours=2), watch=False)
            bench.advance(until, STEP, watch=True)


def main() -> None:
    """Print the table for one variant and size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", help="of the database that was filled")
    parser.add_argument("--variant", choices=("a", "b"), default="a")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--width", type=int, default=290)
    parser.add_argument("--seeds", type=int, default=40)
    args = parser.parse_args()
    if not args.dsn:
        print("not run, name a server: --dsn postgresql://postgres@127.0.0.1/bench")
        return
    load = (appended if args.variant == "a" else churned)(args.rows, args.width)
    with psycopg.connect(args.dsn, autocommit=True) as connection:
        run(connection, _SESSION)
        bench = Bench(connection, load, appending=args.variant == "a")
        blocks, spent = bench.cost(_NAIVE.format(now=bench.now), 2)
        print(f"\nVariant {args.variant}, {args.rows:,} rows; naive: {blocks:.0f} blocks, {spent:.0f} ms\n")
        print("| condition | blocks | ms | | " + " | ".join(MEASURES) + " | held: least / mean |")
        print("|---" * 10 + "|")
        for result in conditions(bench, args.seeds):
            report(result)


if __name__ == "__main__":
    main()
