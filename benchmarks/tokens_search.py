"""Measures the queries that search a large table of tokens by an index: blocks touched and time.

    python benchmarks/tokens_search.py --dsn postgresql://postgres@127.0.0.1/bench

The database is one that tokens_generate.py filled. Indexes on all three times are made and stay.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from typing import cast

import psycopg

from benchmarks.tokens_generate import Connection, run
from exporter.catalog import load, shipped_directory
from exporter.derive import DERIVATIONS
from exporter.entities import Entity
from exporter.model import Query
from exporter.overlay import bound
from exporter.profile import Profile
from exporter.profile_files import load as load_profiles
from exporter.profile_files import shipped_directory as profiles_directory
from exporter.recognise import located

QUERIES = ("token_expiry", "tokens_issued", "tokens_revoked", "token_lifetimes", "clock")
# When tokens_generate.py ends.
MOMENT = "2026-01-01 00:00:00+00"
_NOW = re.compile(r"\b(?:pg_catalog\.)?now\(\)")
# The other tables of the store, which are not there.
_OTHERS = (Entity.CODES, Entity.USERS, Entity.SESSIONS)


def statement(query: Query, profile: Profile, moment: str) -> str:
    """Return the SQL of a query as it runs over a large table of tokens, at a moment of the load."""
    made = bound(query, profile, _OTHERS if query.over_any else (), is_large=True)
    assert isinstance(made, Query), made  # noqa: S101 - the profile has what the queries want
    return _NOW.sub(f"timestamptz '{moment}'", made.variants[0][1])


def cost(connection: Connection, sql: str) -> tuple[float, float]:
    """Return the blocks touched, and the median of milliseconds."""
    blocks, spent = 0, []
    for _ in range(7):
        lines = connection.execute(
            f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, COSTS OFF) {sql}".encode()
        ).fetchall()
        root = next(cast("str", line[0]) for line in lines if "Buffers: shared" in cast("str", line[0]))
        blocks = sum(int(each) for each in re.findall(r"(?:hit|read)=(\d+)", root))
        started = time.perf_counter()
        connection.execute(sql.encode()).fetchall()
        spent.append(1000 * (time.perf_counter() - started))
    return blocks, statistics.median(spent)


def main() -> None:
    """Print a row for each query."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", help="of the database that was filled")
    args = parser.parse_args()
    if not args.dsn:
        print("not run, name a server: --dsn postgresql://postgres@127.0.0.1/bench")
        return
    profile = located(load_profiles([profiles_directory()])["seed"], "public")
    queries = load([shipped_directory()], DERIVATIONS).queries
    with psycopg.connect(args.dsn, autocommit=True) as connection:
        run(connection, "SET jit = off; SET max_parallel_workers_per_gather = 0; SET timezone = 'UTC'")
        run(connection, "CREATE INDEX IF NOT EXISTS by_issue ON public.tokens (created_at)")
        run(connection, "CREATE INDEX IF NOT EXISTS by_revocation ON public.tokens (revoked_at)")
        run(connection, "CREATE INDEX IF NOT EXISTS by_expiry ON public.tokens (expires_at)")
        print("| query | blocks | ms |\n|---|--:|--:|")
        for name in QUERIES:
            blocks, spent = cost(connection, statement(queries[name], profile, MOMENT))
            print(f"| `{name}` | {blocks:.0f} | {spent:.1f} |", flush=True)


if __name__ == "__main__":
    main()
