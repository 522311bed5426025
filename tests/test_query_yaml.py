"""Rules for postgres_exporter's queries.yaml: what each key becomes, and what is said about the rest."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from daemon import finish
from exporter.catalog import Catalog, load, shipped_directory
from exporter.database import Database
from exporter.derive import DERIVATIONS
from exporter.errors import ConfigError
from exporter.model import (
    DatabaseInfo,
    Family,
    Histogram,
    Query,
    Scope,
    ServerInfo,
    SkipReason,
    Target,
)
from exporter.samples import families
from exporter.targets import skip
from servers import Server

ONE = """
app_jobs:
  query: "SELECT 'mail' AS queue, 3 AS waiting"
  metrics:
    - queue: {usage: "LABEL", description: "Name of the queue"}
    - waiting: {usage: "GAUGE", description: "Jobs that wait"}
"""
KINDS = """
app_kinds:
  master: true
  query: |
    WITH one AS (SELECT 1) -- comments and a semicolon are fine
    SELECT 'a' AS name, 7::numeric AS plain, true AS flag, timestamptz '2020-01-01 00:00+00' AS at,
      timestamp '2020-01-01 00:00' AS naive, interval '90 s' AS age, interval '1 min' AS took, 5 AS done,
      NULL::int AS nothing, 'x' AS dropped,
      ARRAY[0.5, 1] AS wait, ARRAY[2, 3] AS wait_bucket, 4 AS wait_count, 6.5 AS wait_sum;
  metrics:
    - name: {usage: LABEL}
    - plain: {usage: GAUGE}
    - flag: {usage: gauge}
    - at: {usage: GAUGE}
    - naive: {usage: GAUGE}
    - age: {usage: GAUGE}
    - took: {usage: DURATION}
    - done: {usage: COUNTER}
    - nothing: {usage: GAUGE}
    - dropped: {usage: DISCARD}
    - wait: {usage: HISTOGRAM}
"""


def read(folder: Path, text: str) -> Catalog:
    file = folder / "queries.yaml"
    file.write_text(text)
    return load([], DERIVATIONS, [file])


def one(folder: Path, extra: str = "") -> Query:
    return read(folder, ONE + extra).queries["app_jobs"]


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return [str(fault) for fault in caught.value.faults]


def answered(server: Server, query: Query, database: str = "postgres") -> dict[str, Family]:
    """Run a query as the daemon does, as the superuser, and return its families by name."""

    async def ask() -> dict[str, Family]:
        gateway = Database(Target("main", server.dsn(database)), random=random.random)
        try:
            rows = await gateway.fetch(query.sql_for(server.major) or "", timeout=query.timeout)
        finally:
            await gateway.close()
        return {family.name: family for family in families(query, rows, "main", None).families}

    return asyncio.run(ask())


def value(found: dict[str, Family], name: str) -> object:
    (sample,) = found[name].samples
    return sample.value


def test_a_namespace_is_a_query_and_its_columns_are_labels_and_families(tmp_path: Path) -> None:
    query = one(tmp_path)
    assert (query.set, query.labels, query.scope) == ("queries-yaml", ("queue",), Scope.DATABASE)
    assert [(each.family, each.help) for each in query.columns] == [("app_jobs_waiting", "Jobs that wait")]


def test_every_usage_has_the_value_that_it_has_there(server: Server, tmp_path: Path) -> None:
    found = answered(server, read(tmp_path, KINDS).queries["app_kinds"])
    assert value(found, "app_kinds_plain") == 7
    assert value(found, "app_kinds_flag") == 1
    assert value(found, "app_kinds_at") == value(found, "app_kinds_naive") == 1577836800
    assert (value(found, "app_kinds_age"), value(found, "app_kinds_took")) == (90, 60_000)
    assert (value(found, "app_kinds_done"), found["app_kinds_done"].type) == (5, "counter")
    assert value(found, "app_kinds_wait") == Histogram((0.5, 1), (2, 3), 4, 6.5)
    assert not found.get("app_kinds_nothing", Family("", found["app_kinds_at"].type, "", (), ())).samples
    assert "app_kinds_dropped" not in found


def test_names_are_looked_for_where_their_sessions_look(
    a_server: Server, database: str, tmp_path: Path
) -> None:
    a_server.execute("CREATE TABLE public.jobs AS SELECT 9 AS waiting", database)
    text = "app_own: {query: SELECT waiting FROM jobs, metrics: [{waiting: {usage: GAUGE}}]}"
    found = answered(a_server, read(tmp_path, text).queries["app_own"], database)
    assert value(found, "app_own_waiting") == 9


def test_a_master_query_runs_once_and_another_in_every_database(tmp_path: Path) -> None:
    assert one(tmp_path).scope is Scope.DATABASE
    assert one(tmp_path, "  master: true").scope is Scope.SERVER


def test_a_query_that_speaks_of_all_databases_runs_once(tmp_path: Path) -> None:
    catalog = read(tmp_path, ONE.replace("queue", "datname"))
    assert catalog.queries["app_jobs"].scope is Scope.SERVER
    assert len(catalog.remarks) == 1
    assert "add master: true" in catalog.remarks[0]


@pytest.mark.parametrize(("seconds", "every"), [(0, 30), (1, 15), (15, 15), (16, 16), (300, 300)])
def test_what_was_cached_for_a_time_is_asked_for_that_often(
    tmp_path: Path, seconds: int, every: float
) -> None:
    query = one(tmp_path, f"  cache_seconds: {seconds}")
    assert query.every == every
    assert 0 < query.timeout < every


@pytest.mark.parametrize(
    ("versions", "runs"),
    [
        ('">=14.0.0"', {14, 15, 16}),
        ('">14"', {15, 16}),
        ('"<15.0.0"', {13, 14}),
        ('"<=15"', {13, 14, 15}),
        ('">=14.0.0 <16.0.0"', {14, 15}),
        ('">= 14, < 16"', {14, 15}),
        ('"=15.0.0"', {15}),
        ('"<15.2.0"', {13, 14, 15}),
        ('">=14.2.0"', {14, 15, 16}),
    ],
)
def test_a_range_of_versions_is_held(tmp_path: Path, versions: str, runs: set[int]) -> None:
    query = one(tmp_path, f"  runonserver: {versions}")
    skips = {major: skip(query, _server(major), DatabaseInfo("x")) for major in (13, 14, 15, 16)}
    assert {major for major, reason in skips.items() if reason is None} == runs
    assert {reason.reason for reason in skips.values() if reason} <= {SkipReason.VERSION}


def _server(major: int) -> ServerInfo:
    return ServerInfo(major * 10000, str(major), False, "x", "monitor", ("x",))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('  runonserver: "13 || 14"', "runonserver: is not understood"),
        ('  runonserver: ">=14.2.0"', "is taken for the major version 14"),
        ('  pg_version: "14"', "pg_version: has no effect"),
    ],
)
def test_what_has_no_equivalent_is_remarked_on_and_the_query_runs(
    tmp_path: Path, extra: str, words: str
) -> None:
    catalog = read(tmp_path, ONE + extra)
    assert "app_jobs" in catalog.queries
    assert len(catalog.remarks) == 1
    assert words in catalog.remarks[0]


def test_a_mapped_metric_is_remarked_on_and_left_out(tmp_path: Path) -> None:
    catalog = read(tmp_path, f"{ONE}    - state: {{usage: MAPPEDMETRIC}}")
    assert [column.column for column in catalog.queries["app_jobs"].columns] == ["waiting"]
    assert "MAPPEDMETRIC" in catalog.remarks[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "must be a mapping"),
        ("a: {metrics: [{x: {usage: GAUGE}}]}", "a.query: is missing"),
        ("a: {query: SELECT 1 AS x}", "a.metrics: is missing"),
        ("a: {query: [1], metrics: [{x: {usage: GAUGE}}]}", "must be text"),
        ("a: {query: SELECT 1 AS x; SELECT 2, metrics: [{x: {usage: GAUGE}}]}", "a second statement"),
        ("a: {query: SELECT 1 AS x, metrics: {x: {usage: GAUGE}}}", "must be a list"),
        ("a: {query: SELECT 1 AS x, metrics: [{x: {usage: GAUGE}, y: {usage: GAUGE}}]}", "one column"),
        ("a: {query: SELECT 1 AS x, metrics: [{x: {usage: GUAGE}}]}", "did you mean GAUGE?"),
        ("a: {query: SELECT 1 AS x, metrics: [{X-y: {usage: GAUGE}}]}", "is not a metric name"),
        ("a: {query: SELECT 1 AS x, metrics: [{target: {usage: LABEL}}]}", "the label target already"),
        ("A-b: {query: SELECT 1 AS x, metrics: [{x: {usage: GAUGE}}]}", "is no beginning of a metric's name"),
        ("a: {qurey: x}", "did you mean query?"),
    ],
)
def test_a_mistake_is_a_fault_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    found = faults(tmp_path, text)
    assert any(words in fault for fault in found)
    assert all("queries.yaml:1" in fault and "SELECT" not in fault for fault in found)


def test_a_family_belongs_to_one_query_here_too(tmp_path: Path) -> None:
    text = "pg_locks: {query: SELECT 1 AS x, metrics: [{x: {usage: GAUGE}}]}"
    file = tmp_path / "queries.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match="the query pg_locks is already defined"):
        load([shipped_directory()], DERIVATIONS, [file])


def test_the_flag_of_postgres_exporter_names_the_file_and_check_prints_the_remarks(tmp_path: Path) -> None:
    file = tmp_path / "queries.yaml"
    file.write_text(ONE + "  pg_version: '14'")
    environ = {"DATA_SOURCE_NAME": "postgresql://monitor@127.0.0.1/x"}
    code, output = finish("check", "--extend.query-path", file, env=environ)
    assert code == 0
    assert "pg_version: has no effect" in output
