"""Compares estimates of table bloat with the truth: tables by seed, rewritten in a copy of their database.

    python -m benchmarks.bloat DSN ... [--seeds 1,2,3,4,5] [--plot FILE]

Each DSN is of a superuser on a server that belongs to the benchmark. Truth is 1 - pages after VACUUM FULL /
pages before. Errors are in points of percent; a table without an estimate counts under "none", in no error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from benchmarks.bloat_others import IOGUIX
from benchmarks.bloat_plot import Point, plot
from benchmarks.bloat_tables import SCHEMA, Table, tables
from exporter import column_statistics
from exporter.catalog import load, shipped_directory
from exporter.database import Database
from exporter.derive import DERIVATIONS
from exporter.model import Query, Rows, Target
from exporter.plan import plan
from exporter.scout import look
from exporter.token_store import Choice

QUERY = load([shipped_directory()], DERIVATIONS).queries["table_bloat"]
MONITOR, PASSWORD = "bloat_monitor", "bloat"
_RUNS = 40
_LEAST_PAGES = 10

Ratios = Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """What one way of estimating says of the tables of one database, and what it cost a table.

    `milliseconds` are of the server's processor, which a busy machine does not stretch, where it can be seen.
    """

    ratios: Ratios
    toast: Ratios
    milliseconds: float
    blocks: int


def run(dsn: str, sql: str) -> list[tuple[object, ...]]:
    """Run statements in a session of its own; return the rows of the last."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []


def on(dsn: str, database: str, **changes: str) -> str:
    """Return the same DSN for another database, or another role."""
    return make_conninfo("", **{**conninfo_to_dict(dsn), "dbname": database, **changes})


def built(dsn: str, seed: int) -> tuple[str, list[Table]]:
    """Make a database with the tables of a seed; return its name and what is in it."""
    name, made = f"bloat_{seed}", list(tables(seed))
    run(dsn, f"drop database if exists {name}")
    run(dsn, f"create database {name}")
    here = on(dsn, name)
    run(here, f"create schema {SCHEMA}; create extension pgstattuple; create extension pg_freespacemap")
    for table in made:
        for step in table.steps:
            run(here, step)
    time.sleep(1)  # until the statistics of the sessions above have arrived
    for table in made:
        if table.is_analyzed:
            run(here, f"analyze {SCHEMA}.{table.name}")
    run(here, "\n".join(column_statistics.creation(MONITOR)))
    time.sleep(1)
    return name, made


def sizes(dsn: str) -> dict[str, tuple[int, int]]:
    """Return the pages of each table and of its TOAST."""
    rows = run(
        dsn,
        "select relname, pg_relation_size(oid) / 8192,"
        " coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0) / 8192"
        f" from pg_class where relnamespace = '{SCHEMA}'::regnamespace and relkind = 'r'",
    )
    return {str(name): (int(str(heap)), int(str(toast))) for name, heap, toast in rows}


def truth(dsn: str, name: str) -> tuple[Ratios, Ratios]:
    """Return what a rewrite gave back of each table, and of its TOAST, in a copy of the database."""
    copy = f"{name}_copy"
    run(dsn, f"drop database if exists {copy}")
    run(dsn, f"create database {copy} template {name}")
    before = sizes(on(dsn, copy))
    for table in before:
        run(on(dsn, copy), f"vacuum full {SCHEMA}.{table}")
    after = sizes(on(dsn, copy))
    run(dsn, f"drop database {copy}")
    pairs = [
        {
            table: 1 - after[table][part] / before[table][part]
            for table in before
            if before[table][part] >= _LEAST_PAGES
        }
        for part in (0, 1)
    ]
    return pairs[0], pairs[1]


async def asked(dsn: str, database: str, asks: Query) -> tuple[Rows, float, float]:
    """Run a query as the daemon would, with the alternative that it would choose for this role.

    Returns its rows, the processor time of the server for one run, and the blocks of one.
    """
    target = Target("bench", on(dsn, database))
    gateway = Database(target, random=lambda: 0.5)
    try:
        server = await gateway.server_info()
        known = await look(gateway, {asks.name: asks}, Choice())
        made = plan(target, {asks.name: asks}, server, {server.database: known})
        [query] = [one for key, one in made.active.items() if key.database == database]
        sql = query.sql_for(server.major) or ""
        [(pid,)] = (await gateway.fetch("select pg_catalog.pg_backend_pid()", timeout=60)).rows
        rows = await gateway.fetch(sql, timeout=60)
        before, wall = _processor_seconds(pid), 0.0
        for _ in range(_RUNS):
            wall += (await gateway.fetch(sql, timeout=60)).seconds
        after = _processor_seconds(pid)
        seconds = wall if before is None or after is None else after - before
        explain = f"explain (analyze, buffers, format json) {sql}"
        blocks = [_blocks(await gateway.fetch(explain, timeout=60)) for _ in range(5)]
    finally:
        await gateway.close()
    return rows, seconds / _RUNS, statistics.median(blocks)


def _processor_seconds(pid: object) -> float | None:
    """Return what a process has used; None where it cannot be seen. Columns 14 and 15, see man 5 proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def shipped(dsn: str, database: str) -> Outcome:
    """Return what the shipped query says to this role, and what it costs."""
    return _outcome(QUERY, *asyncio.run(asked(dsn, database, QUERY)))


def _blocks(explained: Rows) -> int:
    [(document,)] = explained.rows
    top = (json.loads(document) if isinstance(document, str) else document)[0]["Plan"]  # type: ignore[index]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


def _outcome(query: Query, rows: Rows, seconds: float, blocks: float) -> Outcome:
    count = max(1, len(rows.rows))
    derived, _ = DERIVATIONS[query.derive or ""](rows, None, 0.0)
    found: dict[str, dict[str, object]] = {}
    for line in derived.rows:
        values = dict(zip(derived.columns, line, strict=True))
        if values["schemaname"] == SCHEMA and values["estimates"] is None:
            found[str(values["relname"])] = values
    ratios = [
        {name: ratio for name, one in found.items() if isinstance(ratio := one[key], float)}
        for key in ("bloat_ratio", "toast_bloat_ratio")
    ]
    return Outcome(ratios[0], ratios[1], seconds * 1000 / count, round(blocks / count))


def others(dsn: str, database: str) -> Outcome:
    """Return what pgsql-bloat-estimation says."""
    rows = run(on(dsn, database), IOGUIX)
    return Outcome({str(name): float(str(ratio)) for name, ratio in rows}, {}, 0.0, 0)


def errors(found: Ratios, true: Ratios) -> list[float]:
    """Return the errors in points, of tables that have an estimate."""
    return [100 * (guess - true[name]) for name in true if (guess := found.get(name)) is not None]


def line(name: str, found: Ratios, true: Ratios, outcome: Outcome) -> str:
    """Return a line of the table of errors."""
    off = [abs(error) for error in errors(found, true)]
    if not off:
        return f"{name:<28} no estimate at all, none {len(true)}"
    cost = f"  {outcome.milliseconds:5.2f} ms {outcome.blocks:4} blocks a table" if outcome.blocks else ""
    return (
        f"{name:<28} n {len(off):3}  MAE {statistics.mean(off):5.2f}  max {max(off):5.1f}"
        f"  over 5: {sum(one > 5 for one in off):2}  none {len(true) - len(off):2}{cost}"
    )


def seed_lines(dsn: str, seed: int, points: list[Point], *, verbose: bool) -> Iterator[str]:
    """Yield the lines about one seed on one server."""
    create = f"create role {MONITOR} login password '{PASSWORD}'"
    run(dsn, f"do $$ begin {create}; exception when duplicate_object then end $$")
    run(dsn, f"grant pg_monitor to {MONITOR}")
    database, made = built(dsn, seed)
    heap, toast = truth(dsn, database)
    monitor = on(dsn, database, user=MONITOR, password=PASSWORD)
    ours = shipped(monitor, database)
    yield line("as pg_monitor, helper", ours.ratios, heap, ours)
    run(on(dsn, database), f"drop function {column_statistics.NAME}(oid[])")
    superuser = shipped(dsn, database)
    yield line("as superuser, pg_stats", superuser.ratios, heap, superuser)
    theirs, hidden = others(dsn, database), others(monitor, database)
    yield line("ioguix, as superuser", theirs.ratios, heap, theirs)
    yield line("ioguix, as pg_monitor", hidden.ratios, heap, hidden)
    yield line("TOAST, helper", ours.toast, toast, ours)
    what = {table.name: table.what for table in made}
    for name, true in sorted(heap.items()):
        guess = ours.ratios.get(name)
        if guess is not None:
            points.append(Point(true, guess, theirs.ratios.get(name, 0.0)))
        if verbose:
            said = "none" if guess is None else f"{100 * guess:5.1f}"
            yield f"    {name} {what.get(name, ''):<10} true {100 * true:5.1f}  ours {said}"
    run(dsn, f"drop database {database}")


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsns", nargs="*", metavar="DSN")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if not args.dsns:
        print("not run: name superusers' DSNs of servers that belong to the benchmark")
    points: list[Point] = []
    for dsn in args.dsns:
        [(version,)] = run(dsn, "show server_version")
        for seed in map(int, args.seeds.split(",")):
            print(f"PostgreSQL {version}, seed {seed}", flush=True)
            for text in seed_lines(dsn, seed, points, verbose=args.verbose):
                print("  " + text, flush=True)
    if args.plot:
        args.plot.write_text(plot(points, "VACUUM FULL, % of the table", "pg_table_bloat_ratio"))


if __name__ == "__main__":
    main()
