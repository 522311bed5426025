"""Measures what a blocking tree costs while many locks are held, and what polling takes from clients.

    python benchmarks/locks.py --dsn postgresql://postgres@127.0.0.1/postgres [--pgbench pgbench]

The DSN is a superuser's, on a server of the measurement's own with `max_connections` of 330 or more and
`max_locks_per_transaction` of 1000. 100 sessions hold 3,000 locks each; 200 wait to update one row. All
ways to the answer take turns. Beside ours: SQL that joins pg_locks with itself where relation or transaction
are the same, which is how published tools look for blockers; written anew. Linux: processor time is read
from /proc, so the server is a local one.

With pgbench: its throughput in blocks that take turns at random, without polling, with all our lock queries
at their own intervals (budget included), and with time fifteen times as fast, whose loss is fifteen times as
large and so easier to tell from noise.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from exporter.catalog import load, shipped_directory
from exporter.derive import DERIVATIONS
from exporter.model import Query, Rows
from exporter.runner import stretched

MOST_MS, MOST_LOSS = 20.0, 0.01
OURS = ("blocking", "lock_waiters", "pg_locks", "blocking_evidence")
FAST = 15
QUERIES = load([shipped_directory()], DERIVATIONS).queries

SELF_JOIN = """
select waiting.pid, waiter.usename, waiting.mode, waiting.relation::regclass, other.pid, holder.usename
from pg_locks as waiting
join pg_stat_activity as waiter on waiter.pid = waiting.pid
join pg_locks as other
  on (other.database = waiting.database and other.relation = waiting.relation)
  or other.transactionid = waiting.transactionid
join pg_stat_activity as holder on holder.pid = other.pid
where not waiting.granted and other.granted and other.pid <> waiting.pid
"""


def main() -> int:
    """Measure, print a table, and with --check return 1 when a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", help="of a superuser, on a server of the measurement's own")
    parser.add_argument("--holders", type=int, default=100)
    parser.add_argument("--locks", type=int, default=3000, help="of each holder; default: 3000")
    parser.add_argument("--waiters", type=int, default=200)
    parser.add_argument(
        "--runs", type=int, default=20, help="of each way to the answer; default: %(default)s"
    )
    parser.add_argument("--pgbench", help="the program; without it no throughput is measured")
    parser.add_argument("--blocks", type=int, default=20, help="of each arm; default: %(default)s")
    parser.add_argument("--seconds", type=int, default=5, help="of a block; default: %(default)s")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    args = parser.parse_args()
    if not args.dsn:
        print("not run, name a server: --dsn postgresql://postgres@127.0.0.1/postgres")
        return 0
    with pile_up(args.dsn, args.holders, args.locks, args.waiters):
        times = answers(args.dsn, args.runs)
        losses = throughput(args) if args.pgbench else {}
    missed = times["blocking"] > MOST_MS or losses.get("polled", 0.0) > MOST_LOSS
    return 1 if args.check and missed else 0


@contextmanager
def pile_up(dsn: str, holders: int, locks: int, waiters: int) -> Iterator[None]:
    """Hold that many locks, and let that many sessions wait for one row."""
    with ExitStack() as stack:

        def connect() -> psycopg.Connection:
            connection = psycopg.connect(dsn, autocommit=True)
            stack.callback(connection.close)
            return connection

        own = connect()
        own.execute("DROP TABLE IF EXISTS hot; CREATE TABLE hot (a int); INSERT INTO hot VALUES (0)")
        for number in range(holders):
            holder = connect()
            taken = f"SELECT count(pg_advisory_xact_lock({number}, n)) FROM generate_series(1, {locks}) AS n"
            holder.execute(f"BEGIN; {taken}".encode())
            if not number:
                holder.execute("UPDATE hot SET a = 1")
        for _ in range(waiters):
            waiter = connect()
            waiter.execute("SET deadlock_timeout = '1h'")
            waiter.pgconn.send_query(b"UPDATE hot SET a = 2")
            waiter.pgconn.flush()
        waiting = b"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while own.execute(waiting).fetchone() != (waiters,):
            time.sleep(0.05)
        try:
            yield
        finally:
            own.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )


def answers(dsn: str, runs: int) -> Mapping[str, float]:
    """Print what each way to an answer costs; return its processor time in milliseconds, server and client.

    A busy machine makes the time on the clock longer, but hardly the processor time.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET jit = off; SET max_parallel_workers_per_gather = 0")
        ways: dict[str, Callable[[], object]] = {name: _ours(connection, name) for name in OURS}
        ways["self-join of pg_locks"] = lambda: connection.execute(SELF_JOIN.encode()).fetchall()
        spent: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
        for number in range(runs):
            for name, way in ways.items():
                if number < 2 or name in OURS:
                    before = _clocks(connection)
                    way()
                    clocks = zip(_clocks(connection), before, strict=True)
                    wall, server, client = ((one - other) * 1000 for one, other in clocks)
                    spent[name].append((wall, server, client))
    print(f"{'ms':24} {'clock':>9} {'best':>9} {'server':>9} {'client':>9} {'processor':>10}")
    total = {}
    for name, each in spent.items():
        wall, server, client = (statistics.median(column) for column in zip(*each, strict=True))
        total[name] = server + client
        times = total[name] / total["blocking"]
        best = min(run[0] for run in each)
        print(f"{name:24} {wall:9.1f} {best:9.1f} {server:9.1f} {client:9.1f} {times:8.1f} x")
    shares = {name: total[name] / 1000 / _interval(QUERIES[name], total[name] / 1000) for name in OURS}
    cores = os.cpu_count() or 1
    print(f"polling takes {sum(shares.values()) / cores:.2%} of the processors, of which there are {cores}")
    return total


def _clocks(connection: psycopg.Connection) -> tuple[float, float, float]:
    """Return seconds: the clock, processor time of the session's backend, and of this process."""
    schedule = Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text()
    return time.perf_counter(), int(schedule.split()[0]) / 1e9, time.process_time()


def _ours(connection: psycopg.Connection, name: str) -> Callable[[], float]:
    """Return what asks one of our queries and derives its rows; it returns the server's seconds."""
    query = QUERIES[name]
    sql = (query.sql_for(connection.info.server_version // 10000) or "").encode()

    def ask() -> float:
        started = time.perf_counter()
        cursor = connection.execute(sql)
        rows = Rows(tuple(column.name for column in cursor.description or ()), cursor.fetchall())
        seconds = time.perf_counter() - started
        if query.derive:
            DERIVATIONS[query.derive](rows, None, 0.0)
        return seconds

    return ask


class Poller:
    """Runs our lock queries in turns as the schedule does, with a clock that may go faster."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._connection.execute("SET jit = off")
        self._asks = {name: _ours(self._connection, name) for name in OURS}
        self._due = dict.fromkeys((*((name, speed) for name in OURS for speed in (1, FAST)),), 0.0)
        self._clock = {1: 0.0, FAST: 0.0}
        self.seconds = {1: 0.0, FAST: 0.0}

    def run(self, speed: int, stop: threading.Event) -> None:
        """Poll until told to stop."""
        began, before = time.monotonic(), self._clock[speed]
        while not stop.wait(0.02):
            self._clock[speed] = before + (time.monotonic() - began) * speed
            for name, ask in self._asks.items():
                if self._clock[speed] >= self._due[name, speed]:
                    seconds = ask()
                    self.seconds[speed] += seconds
                    self._due[name, speed] = self._clock[speed] + _interval(QUERIES[name], seconds)


def _interval(query: Query, seconds: float) -> float:
    return stretched(query, seconds) or query.every


def throughput(args: argparse.Namespace) -> Mapping[str, float]:
    """Print and return the share of pgbench's throughput that polling takes, with a 95 % interval."""
    subprocess.run([args.pgbench, "-i", "-q", "-s", "10", args.dsn], check=True, capture_output=True)
    poller = Poller(args.dsn)
    rates: dict[str, list[float]] = {"quiet": [], "polled": [], "fast": []}
    for number in range(args.blocks):
        # Seeded: the order of the arms is by chance, and the same in each run.
        for arm in random.Random(number).sample(sorted(rates), 3):  # noqa: S311 - no secret
            rates[arm].append(_block(args, poller, {"polled": 1, "fast": FAST}.get(arm)))
    found = {}
    for arm, scale in (("polled", 1), ("fast", FAST)):
        lost = [1 - one / other for one, other in zip(rates[arm], rates["quiet"], strict=True)]
        mean = statistics.mean(lost) / scale
        student = 1.96 + 2.4 / (len(lost) - 1)
        half = student * statistics.stdev(lost) / math.sqrt(len(lost)) / scale
        found[arm] = mean
        words = "polled at our intervals" if scale == 1 else f"{FAST} times as fast, divided by {FAST}"
        print(f"throughput lost, {words:34} {mean:8.2%} +- {half:.2%}")
    spent = poller.seconds[1] / (args.blocks * args.seconds)
    print(f"quiet {statistics.mean(rates['quiet']):.0f} tps; polling took {spent:.2%} of the time")
    return found


def _block(args: argparse.Namespace, poller: Poller, speed: int | None) -> float:
    """Return the transactions a second of one block."""
    stop = threading.Event()
    thread = threading.Thread(target=poller.run, args=(speed, stop))
    if speed:
        thread.start()
    command = [args.pgbench, "-S", "-n", "-c", "2", "-T", str(args.seconds), args.dsn]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    stop.set()
    if speed:
        thread.join()
    match = re.search(r"tps = ([\d.]+)", done.stdout)
    assert match is not None  # noqa: S101 - pgbench always says it
    return float(match[1])


if __name__ == "__main__":
    sys.exit(main())
