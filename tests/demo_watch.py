"""Owns the demo's workload on a server of the tests, watched by a daemon that a real Prometheus scrapes.

The daemon watches all that a dashboard can show: the primary and its standby, a pooler's console, backups.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from psycopg.conninfo import make_conninfo

from daemon import Daemon, free_port
from dumps import PLAIN
from exporter.model import Query
from farm import Farm
from pairs import Pair, start_pair
from pooler import pooled
from prometheus import prometheus
from shipped import CATALOG

ROOT = Path(__file__).parent.parent
JOB = "pg-oauth-exporter"  # what the rules call it
RULES = sorted((ROOT / "alerts").glob("*.rules.yml"))
DATABASE = "oauth2"
SCRAPE = 5
_AT_ONCE, _OFTEN = 5.0, 20.0  # seconds between two runs of a query
_EXTENSIONS = ("pg_stat_statements", "pg_buffercache", "pg_freespacemap", "pgstattuple")
_SETS = "+statements_detail,+statements_text,+oauth2_clients,+columns"


@contextmanager
def watched(farm: Farm, major: int, folder: Path) -> Iterator[str]:
    """Start all of it; yields the URL of Prometheus, before there is anything to see."""
    pair = start_pair(farm, major, "watched")
    prepare(pair)
    with ExitStack() as stack:
        stack.enter_context(demo(pair.primary.dsn(DATABASE), folder))
        console = make_conninfo(stack.enter_context(pooled(pair.primary)), dbname="pgbouncer")
        daemon = Daemon(folder, _configuration(pair, console, folder), f"--sets={_SETS}")
        stack.enter_context(daemon)
        yield stack.enter_context(prometheus(folder, f"127.0.0.1:{daemon.port}", JOB, RULES, SCRAPE))


def prepare(pair: Pair) -> None:
    """Make the database, with what is at hand of extensions, and two slots: one in use, one forgotten."""
    primary = pair.primary
    primary.execute(f"CREATE DATABASE {DATABASE}")
    offered = primary.execute("SELECT name FROM pg_catalog.pg_available_extensions")
    for extension in _EXTENSIONS:
        if (extension,) in offered:
            primary.execute(f"CREATE EXTENSION {extension}", DATABASE)
    primary.execute("SELECT pg_create_logical_replication_slot('forgotten', 'test_decoding')", DATABASE)


def _configuration(pair: Pair, console: str, folder: Path) -> dict[str, object]:
    backups = folder / "backups"
    backups.mkdir()
    for age, name in ((86400, "yesterday.sql"), (3600, "today.sql")):
        (backups / name).write_bytes(PLAIN)
        then = time.time() - age
        os.utime(backups / name, (then, then))
    return {
        "targets": [
            {"name": "main", "dsn": pair.primary.dsn(DATABASE)},
            {"name": "replica", "dsn": pair.standby.dsn(DATABASE)},
            {"name": "pooler", "dsn": console, "kind": "pgbouncer"},
        ],
        "queries": {name: _paced(query) for name, query in CATALOG.queries.items()},
        "pools": {"demo": "oauth2-%"},
        "backups": [{"name": "nightly", "path": str(backups), "target": "main", "every": "5s"}],
    }


def _paced(query: Query) -> dict[str, str]:
    """Return how often a query runs here: oftener where things pass within seconds, as a lock does."""
    every = _AT_ONCE if query.set in {"activity", "locks"} else min(query.every, _OFTEN)
    return {"every": f"{every:g}s", "timeout": f"{min(query.timeout, every - 1):g}s"}


@contextmanager
def demo(dsn: str, folder: Path) -> Iterator[None]:
    """Run the demo's workload in a database of ours; its own daemon and its page interest nobody."""
    command = [sys.executable, "-m", "exporter", "demo", "--postgres", dsn, "--no-sidecars"]
    with (folder / "demo.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--rate", "30", "--port", str(free_port())], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while "first numbers" not in (text := (folder / "demo.log").read_text()):
            assert process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)


def answer(url: str, promql: str) -> list[dict[str, str]]:
    """Return the labels of the series that the expression has, or had since all was started.

    Raises:
        AssertionError: Prometheus does not accept the expression.
    """
    now = time.time()
    parameters: dict[str, str | float] = {"query": promql, "start": now - 1800, "end": now, "step": 5}
    response = httpx.get(f"{url}/api/v1/query_range", params=parameters, timeout=30).json()
    assert response["status"] == "success", f"{response.get('error')}: {promql}"
    return [series["metric"] for series in response["data"]["result"]]
