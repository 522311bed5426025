"""Measures what watching costs the server: our default queries against postgres_exporter, in one run.

    python benchmarks/server_cost.py --dsn postgresql://postgres@127.0.0.1/postgres --rival postgres_exporter

The server is a local one, the measurement's alone (Linux: its processes are read from /proc). A database
of --tables tables is made and dropped, and a role with pg_monitor; nothing else may use the server meanwhile.
The figure is the processor time of all its processes: statements, planning, parsing, connecting. Ours: every
query of the default sets, at its own interval, in one database. The rival: its defaults, scraped every 15 s.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from exporter import configuration
from exporter.database import Database
from exporter.errors import QueryError
from exporter.model import JobKey, Query
from exporter.runner import FAST_LANE_SECONDS
from exporter.survey import survey

HOUR = 3600
RIVAL_EVERY = 15
MOST_SHARE = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure, print a table, and with --check return 1 when ours costs more than half of the rival's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", help="of a superuser, on a server of this machine")
    parser.add_argument("--rival", type=Path, help="the program postgres_exporter; without it only ours")
    parser.add_argument("--tables", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="of each query; default: %(default)s")
    parser.add_argument("--scrapes", type=int, default=20, help="of the rival; default: %(default)s")
    parser.add_argument("--check", action="store_true", help="exit 1 when the target is missed")
    args = parser.parse_args()
    if not args.dsn:
        print("not run, name a server: --dsn postgresql://postgres@127.0.0.1/postgres")
        return 0
    with _database(args.dsn, args.tables) as dsn:
        clock = _clock(args.dsn)
        rival = _rival(args.rival, dsn, args.scrapes, clock) * HOUR / RIVAL_EVERY if args.rival else None
        costs = asyncio.run(_ours(dsn, args.rounds, clock))
    return _report(costs, rival, check=args.check)


def _report(costs: dict[str, tuple[Query, float]], rival: float | None, *, check: bool) -> int:
    per_hour = {name: seconds * HOUR / query.every for name, (query, seconds) in costs.items()}
    print(f"{'query':32} {'every':>7} {'ms a run':>9} {'ms a minute':>12}")
    for name in sorted(per_hour, key=lambda one: per_hour[one], reverse=True):
        query, seconds = costs[name]
        print(f"{name:32} {query.every:>6g}s {seconds * 1000:9.2f} {per_hour[name] / 60 * 1000:12.2f}")
    ours = sum(per_hour.values())
    print(f"{'all of ours':32} {'':7} {'':9} {ours / 60 * 1000:12.2f}   {ours:.1f} s an hour")
    if rival is None:
        return 0
    theirs = f"{rival / 60 * 1000:12.2f}   {rival:.1f} s an hour"
    print(f"{'postgres_exporter':32} {RIVAL_EVERY:>6g}s {'':9} {theirs}")
    print(f"ours / postgres_exporter: {ours / rival:.2f}   <= {MOST_SHARE:g}")
    return 1 if check and ours / rival > MOST_SHARE else 0


@contextmanager
def _database(admin: str, tables: int) -> Iterator[str]:
    """Make a database with tables, keys, rows and statistics, and a role; yield that role's DSN."""
    name, password = f"server_cost_{secrets.token_hex(4)}", secrets.token_hex(12)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
        try:
            connection.execute(f"create role {name} login password '{password}' in role pg_monitor".encode())
            own = make_conninfo(admin, dbname=name)
            with psycopg.connect(own, autocommit=True) as inside:
                inside.execute("create extension if not exists pg_stat_statements")
                for number in range(tables):
                    inside.execute(
                        f"create table t{number} (id serial primary key, at timestamptz, note text, n int);"
                        f"insert into t{number} (at, note, n) select now(), 'note', g"
                        " from generate_series(1, 50) g;"
                        f"create index on t{number} (at)".encode()
                    )
                inside.execute("vacuum analyze")
            yield make_conninfo(admin, dbname=name, user=name, password=password)
        finally:
            connection.execute(f"drop database {name} with (force)".encode())
            connection.execute(f"drop role if exists {name}".encode())


def _clock(admin: str) -> Callable[[], float]:
    """Return a clock of the processor seconds that all processes of the server have used."""
    with psycopg.connect(admin) as connection:
        rows = connection.execute("select pg_catalog.pg_read_file('postmaster.pid', 0, 20)").fetchall()
    postmaster = int(rows[0][0].split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children")

    def used() -> float:
        alive = sum(map(_nanoseconds, children.read_text().split())) / 1e9
        fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
        ended = (int(fields[13]) + int(fields[14])) / _TICKS
        return alive + ended + _nanoseconds(str(postmaster)) / 1e9

    return used


def _nanoseconds(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:  # it ended just now
        return 0


async def _ours(dsn: str, rounds: int, clock: Callable[[], float]) -> dict[str, tuple[Query, float]]:
    """Return each active query and the median processor seconds of one run, its lane being warm."""
    loaded = configuration.load(None, {}, {"DATA_SOURCE_NAME": dsn})
    (target,) = loaded.targets
    gateway = Database(target, random=random.random)
    try:
        found = await survey(gateway, target, loaded.queries, loaded.stores[target.name])
        jobs = {
            key: query
            for key, query in found.plan.active.items()
            if key.database in {None, found.server.database}
        }
        costs = {}
        for key, query in jobs.items():
            runs = []
            for _ in range(rounds + 1):
                before = clock()
                await _run(gateway, key, query, found.server.major)
                runs.append(clock() - before)
            costs[key.query] = query, statistics.median(runs[1:])
        return costs
    finally:
        await gateway.close()


async def _run(gateway: Database, key: JobKey, query: Query, major: int) -> None:
    heavy = query.timeout > FAST_LANE_SECONDS
    try:
        await gateway.fetch(
            query.sql_for(major) or "", timeout=query.timeout, database=key.database, heavy=heavy
        )
    except QueryError as error:
        print(f"{key.query} failed and is not counted: {error}", file=sys.stderr)


def _rival(program: Path, dsn: str, scrapes: int, clock: Callable[[], float]) -> float:
    """Return the processor seconds that one scrape of postgres_exporter costs, connections kept or not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [program.resolve(), f"--web.listen-address=127.0.0.1:{port}"],
        env={**os.environ, "DATA_SOURCE_NAME": _url(dsn)},
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(3):  # starting, and caches
            _scrape(port)
        before = clock()
        for _ in range(scrapes):
            _scrape(port)
        time.sleep(1)  # backends that ended are counted when the postmaster has waited for them
        return (clock() - before) / scrapes
    finally:
        process.terminate()
        process.wait(10)


def _url(dsn: str) -> str:
    """Write a DSN as postgres_exporter wants it; it knows no sslmode=prefer."""
    return make_conninfo(dsn, sslmode="disable")


def _scrape(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:  # loopback
                if b"pg_up 1" not in page.read():
                    raise SystemExit("the rival does not reach the server")
                return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
