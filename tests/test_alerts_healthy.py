"""No alert but the watchdog fires where nothing is wrong: on real pages of healthy servers, with all rules.

The pages are those of a primary with the seed's token store and of its standby: at rest, and under the
demo's traffic. promtool plays them on for hours.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from daemon import Daemon
from demo_watch import demo
from farm import Farm
from healthy import Course, Series, fires, growing, read, steady
from pairs import Pair, start_pair
from promql import selectors
from shipped import CATALOG
from shipped_alerts import RECORDINGS, RULES

_SCHEMA = Path(__file__).parent / "schemas/seed.sql"
_IDLE, _BUSY = "idle", "busy"
# What is truly wrong here: servers of tests run without fsync, and the demo has a client with an unsafe URI.
_NOT_HEALTHY = {"pg_settings_weak", "oauth2_redirect_uris"}
# Seconds between two runs of a query, and between the two pages of the busy server.
_OFTEN, _BETWEEN = 5.0, 25.0
_LONG = 240
_MINUTES = (3, 15, 45, 120, _LONG - 1)
# What one process counts begins at 0 when it is started anew.
_BEGUN = ("process_start_time_seconds", "pg_exporter_query_last_success_timestamp_seconds")
_OWN = ("pg_exporter_", "process_", "python_")


@dataclass(frozen=True, slots=True)
class Pages:
    """The series of a server at rest and of one under traffic, both with a standby."""

    idle: list[Series]
    busy: list[Series]


@pytest.fixture(scope="module")
def pages(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    if not farm.available:
        pytest.skip(f"no PostgreSQL here: {'; '.join(farm.notes)}")
    pair = start_pair(farm, farm.available[-1], "healthy")
    for database in (_IDLE, _BUSY):
        pair.primary.execute(f"CREATE DATABASE {database}")
    pair.primary.execute(_SCHEMA.read_text(), _IDLE)
    with Daemon(tmp_path_factory.mktemp("idle"), _configuration(pair, _IDLE)) as daemon:
        daemon.until_ready(90)
        idle = page(daemon)
    folder = tmp_path_factory.mktemp("busy")
    with demo(pair.primary.dsn(_BUSY), folder), Daemon(folder, _configuration(pair, _BUSY)) as daemon:
        daemon.until_ready(90)
        first, began = page(daemon), time.monotonic()
        time.sleep(_BETWEEN)
        then, ended = page(daemon), time.monotonic()
    busy = growing(first, then, (ended - began) / 60)
    return Pages(idle, [replace(each, a_minute=0) if is_of_the_machine(each) else each for each in busy])


def is_of_the_machine(series: Series) -> bool:
    """Whether it counts how the exporter fared, with queries that run far too often beside other tests."""
    is_own = series.is_counter and series.name.startswith("pg_exporter_")
    return is_own and series.labels.get("outcome") != "ok"


def _configuration(pair: Pair, database: str) -> dict[str, object]:
    # As the superuser, since the demo makes the monitoring role itself; often, so that two pages soon differ.
    often = {name: {"every": "5s"} for name, query in CATALOG.queries.items() if query.timeout < _OFTEN}
    return {
        "targets": [
            {"name": "first", "dsn": pair.primary.dsn(database)},
            {"name": "second", "dsn": pair.standby.dsn(database)},
        ],
        "queries": often,
    }


def page(daemon: Daemon) -> list[Series]:
    found = read(daemon.get("/metrics").text, time.time())
    assert {series.name for series in found} >= _NOT_HEALTHY
    return [series for series in found if series.name not in _NOT_HEALTHY]


def check(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_an_idle_database_is_silent(pages: Pages, tmp_path: Path) -> None:
    check(fires(tmp_path, {"idle": (steady(pages.idle, _LONG), _MINUTES)}))


@pytest.mark.slow
def test_a_busy_database_is_silent(pages: Pages, tmp_path: Path) -> None:
    assert sum(series.a_minute > 0 and series.name.startswith("pg_stat") for series in pages.busy) > 10
    check(fires(tmp_path, {"busy": (steady(pages.busy, _LONG), _MINUTES)}))


@pytest.mark.slow
def test_a_restart_of_the_exporter_is_silent(pages: Pages, tmp_path: Path) -> None:
    def course(series: Series) -> Course:
        anew = series
        if series.name in _BEGUN:
            anew = replace(series, value=122 * 60.0)
        elif series.is_counter and series.name.startswith((*_OWN, "oauth2_")):
            anew = replace(series, value=0.0)
        # The queries that run seldom begin with the others, but the slowest need a minute.
        return Course(series).go_on(120).away(2).go_on(118, anew)

    check(fires(tmp_path, {"restart": (map(course, pages.busy), (119, 121, 123, 130, 145, 180, 239))}))


def sets_that_are_read() -> set[str]:
    """Return the sets of which some rule reads a metric; the others cannot be missed."""
    expressions = (*RECORDINGS.values(), *(rule.expr for rule in RULES))
    metrics = {selector.metric for expression in expressions for selector in selectors(expression)}
    return {
        query.set
        for query in CATALOG.queries.values()
        if any(name.startswith(column.family) for column in query.columns for name in metrics)
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(sets_that_are_read()))
def test_a_server_without_one_set_of_metrics_is_silent(pages: Pages, tmp_path: Path, name: str) -> None:
    families = {
        column.family for query in CATALOG.queries.values() if query.set == name for column in query.columns
    }
    left = [series for series in pages.idle if not series.name.startswith(tuple(families))]
    check(fires(tmp_path, {name: (steady(left, 31), (3, 30))}))


@pytest.mark.slow
def test_an_exporter_that_shows_nothing_but_itself_is_silent(pages: Pages, tmp_path: Path) -> None:
    left = [series for series in pages.idle if series.name.startswith((*_OWN, "up", "pg_up"))]
    check(fires(tmp_path, {"nothing": (steady(left, 31), (3, 30))}))


def switched(found: Iterable[Series]) -> Iterator[Course]:
    """After an hour the second becomes the primary at once; the first is its standby two minutes later."""
    other = {"first": "second", "second": "first"}
    by_key = {series.key: series for series in found}
    keys = set(by_key) | {_of(series, other.get(series.target, "")).key for series in by_key.values()}
    for key in keys:
        labels = dict(key[1])
        before = by_key.get(key)
        here = Series(key[0], labels, 0) if before is None else before
        after = by_key.get(_of(here, other.get(here.target, "")).key)
        if not here.target:
            yield Course(here).go_on(180)
            continue
        gap = 2 if here.target == "first" else 1
        course = Course(here)
        course = course.go_on(60) if before else course.away(60)
        if here.name == "pg_up":
            yield course.go_on(gap, replace(here, value=0)).go_on(120 - gap)
            continue
        course = course.away(gap)
        if after is None:
            yield course.away(120 - gap)
            continue
        value = after.value + after.a_minute * (60 + gap)
        yield course.go_on(120 - gap, replace(after, labels=labels, value=value))


def _of(series: Series, target: str) -> Series:
    return replace(series, labels={**series.labels, "target": target}) if target else series


@pytest.mark.slow
def test_a_failover_wakes_nobody(pages: Pages, tmp_path: Path) -> None:
    """What changed is an annotation: its severity is info, and it goes to no person."""
    scenario = (switched(pages.busy), (59, 61, 62, 64, 70, 80, 120, 179))
    check(fires(tmp_path, {"failover": scenario}, 'severity!="info"'))
