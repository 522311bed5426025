"""Compares estimates of B-tree bloat with the truth: indexes by seed, rebuilt in a copy of their database.

    python -m benchmarks.bloat_indexes DSN ... [--seeds 1,2,3,4,5] [--plot FILE]

Each DSN is of a superuser on a server that belongs to the benchmark. Truth is 1 - pages after REINDEX /
pages before, and 0 where there are more afterwards. Errors are in points of percent; an index without an
estimate is counted under "none" and in no error. The cost is the time of the whole query and its blocks, by
index.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.bloat import MONITOR, PASSWORD, asked, on, run
from benchmarks.bloat_indexes_generate import SCHEMA, fill
from benchmarks.bloat_indexes_others import IOGUIX
from benchmarks.bloat_plot import Point, plot
from exporter import column_statistics
from exporter.catalog import load, shipped_directory
from exporter.derive import DERIVATIONS
from exporter.derive.btree_bloat import Confidence, estimates

QUERY = load([shipped_directory()], DERIVATIONS).queries["index_bloat"]
_LEAST_PAGES = 10

Ratios = Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """What one way of estimating says of the indexes of one database, and what it cost for each."""

    ratios: Ratios
    sure: frozenset[str] = frozenset()
    milliseconds: float = 0.0
    blocks: float = 0.0
    derived: float = 0.0  # milliseconds of our own


def built(dsn: str, seed: int) -> str:
    """Make a database with the indexes of a seed, and the helper function in it; return its name."""
    name = f"bloat_indexes_{seed}"
    run(dsn, f"DROP DATABASE IF EXISTS {name}")
    run(dsn, f"CREATE DATABASE {name}")
    fill(on(dsn, name), seed)
    run(on(dsn, name), "\n".join(column_statistics.creation(MONITOR)))
    time.sleep(1)  # until the statistics of the sessions above have arrived
    return name


def truth(dsn: str, name: str) -> Ratios:
    """Return what a rebuild gave back of each index, in a copy of the database."""
    copy = f"{name}_copy"
    run(dsn, f"DROP DATABASE IF EXISTS {copy}")
    run(dsn, f"CREATE DATABASE {copy} TEMPLATE {name}")
    before = _pages(on(dsn, copy))
    run(on(dsn, copy), f"REINDEX SCHEMA {SCHEMA}")
    after = _pages(on(dsn, copy))
    run(dsn, f"DROP DATABASE {copy}")
    return {
        name: max(0.0, 1 - after[name] / pages) for name, pages in before.items() if pages >= _LEAST_PAGES
    }


def _pages(dsn: str) -> dict[str, int]:
    rows = run(
        dsn,
        "SELECT c.relname, pg_relation_size(c.oid) / 8192 FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
        f" WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relnamespace = '{SCHEMA}'::regnamespace",
    )
    return {str(name): cast("int", pages) for name, pages in rows}


def shipped(dsn: str, database: str) -> Outcome:
    """Return what the shipped query says to this role, and what it costs."""
    rows, seconds, blocks = asyncio.run(asked(dsn, database, QUERY))
    started = time.process_time()
    found = estimates(rows)
    derived = time.process_time() - started
    count = max(1, len(found))
    return Outcome(
        {one.index.name[2]: one.ratio for one in found if one.ratio is not None},
        frozenset(one.index.name[2] for one in found if one.confidence is Confidence.HIGH),
        seconds * 1000 / count,
        blocks / count,
        derived * 1000 / count,
    )


def others(dsn: str, database: str) -> Outcome:
    """Ask the estimate to compare with."""
    rows = run(on(dsn, database), IOGUIX)
    return Outcome({str(name): float(str(ratio)) for name, ratio in rows})


def line(name: str, found: Outcome, true: Ratios) -> str:
    """Return how far the estimates are off."""
    off = {index: abs(100 * (found.ratios[index] - true[index])) for index in true if index in found.ratios}
    if not off:
        return f"{name:<28} no estimate at all, none {len(true)}"
    sure = [off[index] for index in off if index in found.sure]
    parts = [
        f"{name:<28} n {len(off):3}  MAE {statistics.mean(off.values()):5.2f}  max {max(off.values()):5.1f}",
        f"over 15: {sum(one > 15 for one in off.values()):2}  none {len(true) - len(off):2}",
    ]
    if sure:
        parts.append(f"high: {len(sure):3}, MAE {statistics.mean(sure):5.2f}, max {max(sure):5.1f}")
    if found.blocks:
        parts.append(
            f"{found.milliseconds:.2f} ms, {found.blocks:.0f} blocks, {found.derived:.2f} ms of ours"
        )
    return "  ".join(parts)


def seed_lines(dsn: str, seed: int, points: list[Point], *, verbose: bool) -> Iterator[str]:
    """Measure one seed; yield what is to be printed."""
    make = f"create role {MONITOR} login password '{PASSWORD}'"
    run(
        dsn, f"do $$ begin {make}; exception when duplicate_object then end $$; grant pg_monitor to {MONITOR}"
    )
    database = built(dsn, seed)
    true = truth(dsn, database)
    monitor = on(dsn, database, user=MONITOR, password=PASSWORD)
    ours = shipped(monitor, database)
    other = others(dsn, database)
    yield line("as pg_monitor, helper", ours, true)
    run(on(dsn, database), f"drop function {column_statistics.NAME}(oid[])")
    yield line("as superuser, pg_stats", shipped(dsn, database), true)
    yield line("as pg_monitor, nothing else", shipped(monitor, database), true)
    yield line("ioguix, as superuser", other, true)
    yield line("ioguix, as pg_monitor", others(monitor, database), true)
    points += [
        Point(true[name], ours.ratios[name], other.ratios.get(name, 0.0))
        for name in true
        if name in ours.ratios
    ]
    if verbose:
        worst = sorted(
            (name for name in true if name in ours.ratios), key=lambda one: -abs(ours.ratios[one] - true[one])
        )
        for name in worst[:8]:
            sure = "high" if name in ours.sure else "low"
            guess = 100 * ours.ratios[name]
            yield f"    {name:<24} {sure:<4} true {100 * true[name]:5.1f}  ours {guess:5.1f}"
    run(dsn, f"DROP DATABASE {database}")


def main() -> None:
    """Measure all seeds on all servers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dsns", nargs="+", metavar="DSN")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    points: list[Point] = []
    for dsn in arguments.dsns:
        [(version,)] = run(dsn, "SHOW server_version")
        for seed in map(int, arguments.seeds.split(",")):
            print(f"PostgreSQL {version}, seed {seed}", flush=True)
            for text in seed_lines(dsn, seed, points, verbose=arguments.verbose):
                print("  " + text, flush=True)
    if arguments.plot:
        arguments.plot.write_text(plot(points, "REINDEX, % of the index", "pg_index_bloat_ratio"))


if __name__ == "__main__":
    main()
