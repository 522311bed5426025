"""Owns how tests make SQLite files, fill them by what they mean, and ask them as the daemon does."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from exporter.derive import DERIVATIONS
from exporter.engines import Engine
from exporter.model import Histogram, Number, Rows, Skip, Target
from exporter.overlay import bound
from exporter.override import Overrides, merge
from exporter.profile import Profile
from exporter.profile_files import load
from exporter.recognise import facts_from, facts_sql, fitted
from exporter.samples import families
from exporter.sqlite_gateway import SqliteGateway
from store_queries import QUERIES, ROOT
from stores_meaning import Content

T = TypeVar("T")
NOW = 1_800_000_000.0  # the time of the queries in tests of numbers
PROFILES = load([ROOT / "profiles"], Engine.SQLITE)
Clock = Callable[[float | None], object]


def target(path: Path, **options: object) -> Target:
    dsn = "sqlite://" + quote(str(path))
    return Target("test", dsn, engine=Engine.SQLITE, **options)  # type: ignore[arg-type]  # as a Target takes them


def make(path: Path, *schemas: str, wal: bool = False) -> Path:
    """Make a database with tables of the tests' schemas; their types are what SQLite makes of the words."""
    with closing(sqlite3.connect(path)) as connection:
        if wal:
            connection.execute("pragma journal_mode = wal")
        for schema in schemas:
            text = (ROOT / f"tests/schemas/{schema}.sql").read_text()
            connection.executescript(text.replace("DEFAULT now()", "").replace("text[]", "text"))
        connection.commit()
    return path


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for sql in statements:
            connection.execute(sql)
        connection.commit()


def insert(path: Path, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, each as often as its `times` says; a value that can be called is called for each."""
    with closing(sqlite3.connect(path)) as connection:
        for given in rows:
            row = {name: value for name, value in given.items() if name != "times"}
            places = ", ".join("?" * len(row))
            sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"
            for _ in range(int(str(given.get("times", 1)))):
                connection.execute(sql, [value() if callable(value) else value for value in row.values()])
        connection.commit()


def using(path: Path, work: Callable[[SqliteGateway], Awaitable[T]]) -> T:
    """Return what `work` makes of the gateway to a file."""

    async def run() -> T:
        gateway = SqliteGateway(target(path), now=lambda: NOW)
        try:
            return await work(gateway)
        finally:
            await gateway.close()

    return asyncio.run(run())


def fetched(path: Path, sql: str, timeout: float = 5.0) -> Rows:
    return using(path, lambda gateway: gateway.fetch(sql, timeout=timeout))


def profile_of(path: Path, name: str, overrides: Overrides | None = None) -> Profile:
    """Return a shipped profile as it fits a file."""
    merged = merge(PROFILES[name], overrides or Overrides(schema="main"))
    found, lacks = fitted(merged, facts_from(fetched(path, facts_sql([merged], Engine.SQLITE)).rows))
    assert lacks == ()
    return found


def rows_of(path: Path, name: str, profile: Profile) -> Rows:
    """Return the rows of a query over the store in a file; none when the profile has no such entity."""
    made = bound(QUERIES[name], profile)
    return Rows((), ()) if isinstance(made, Skip) else fetched(path, made.variants[0][1])


def page(
    path: Path, profile: Profile, first: Content, later: Content, fill: Callable[[Path, Content], None]
) -> dict[str, dict[str, Number | Histogram]]:
    """Return all samples by family and labels; the derived ones look once before what comes later, too."""
    asked = {name: query for name, query in QUERIES.items() if Engine.SQLITE in query.dialects}
    fill(path, first)
    states = {
        name: DERIVATIONS[query.derive](answer, None, 0.0)[1]
        for name, query in asked.items()
        if query.derive and (answer := rows_of(path, name, profile)).columns
    }
    fill(path, later)
    found: dict[str, dict[str, Number | Histogram]] = {}
    for name, query in asked.items():
        answer = rows_of(path, name, profile)
        if not answer.columns:
            continue
        if query.derive:
            answer, _ = DERIVATIONS[query.derive](answer, states[name], 60.0)
        made = families(query, answer, "test", "test")
        assert made.dropped == {}
        for family in made.families:
            for sample in family.samples:
                pairs = zip(family.label_names, sample.labels, strict=True)
                labels = " ".join(v for label, v in pairs if label not in {"target", "datname"} and v)
                found.setdefault(family.name, {})[labels] = sample.value
    return found


def iso(suffix: str = "+00:00", separator: str = "T") -> Clock:
    """Return how a time is written as text: `Z`, an offset such as `+00:00`, or nothing for UTC."""

    def text(seconds: float | None) -> object:
        if seconds is None:
            return None
        hours = int(suffix[:3]) if suffix[:1] in "+-" and suffix else 0
        moment = datetime.fromtimestamp(NOW + seconds + hours * 3600, UTC)
        return moment.replace(tzinfo=None).isoformat(separator, "microseconds") + suffix

    return text


def epoch(seconds: float | None) -> object:
    return None if seconds is None else round(NOW + seconds)


def listed(values: Sequence[str]) -> str:
    return json.dumps([*values])


@contextmanager
def holding(path: Path, *statements: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs these and keeps its locks, which would not keep out its own process."""
    code = f"""
        import sqlite3, sys
        connection = sqlite3.connect({str(path)!r}, isolation_level=None)
        for sql in {statements!r}:
            connection.execute(sql).fetchall()
        print("ready", flush=True)
        sys.stdin.readline()
        connection.close()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.communicate("\n" if process.poll() is None else None, timeout=10)
