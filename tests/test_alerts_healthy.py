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
from farm import Farm
from healthy import Course, Series, fires, read, steady
from pairs import Pair, start_pair
from shipped import CATALOG, grant_columns

_SCHEMA = Path(__file__).parent / "schemas/seed.sql"
_DATABASE = "healthy"
_LONG = 240
_OFTEN = (3, 15, 45, 120, _LONG - 1)
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
    configuration = _configuration(pair)  # which makes the monitoring role
    pair.primary.execute(f"CREATE DATABASE {_DATABASE}")
    pair.primary.execute(_SCHEMA.read_text(), _DATABASE)
    grant_columns(pair.primary, _DATABASE)
    folder = tmp_path_factory.mktemp("healthy")
    with Daemon(folder, configuration) as daemon:
        daemon.until_ready(60)
        idle = read(daemon.get("/metrics").text, time.time())
    return Pages(idle, idle)


def _configuration(pair: Pair) -> dict[str, object]:
    return {
        "targets": [
            {"name": "first", "dsn": pair.primary.monitor_dsn(_DATABASE)},
            {"name": "second", "dsn": pair.standby.monitor_dsn(_DATABASE)},
        ]
    }


def check(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_an_idle_database_is_silent(pages: Pages, tmp_path: Path) -> None:
    check(fires(tmp_path, {"idle": (steady(pages.idle, _LONG), _OFTEN)}))


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


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({query.set for query in CATALOG.queries.values()}))
def test_a_server_without_one_set_of_metrics_is_silent(pages: Pages, tmp_path: Path, name: str) -> None:
    families = {
        column.family for query in CATALOG.queries.values() if query.set == name for column in query.columns
    }
    left = [series for series in pages.idle if not series.name.startswith(tuple(families))]
    check(fires(tmp_path, {name: (steady(left, 60), (3, 59))}))


@pytest.mark.slow
def test_an_exporter_that_shows_nothing_but_itself_is_silent(pages: Pages, tmp_path: Path) -> None:
    left = [series for series in pages.idle if series.name.startswith((*_OWN, "up", "pg_up"))]
    check(fires(tmp_path, {"nothing": (steady(left, 60), (3, 59))}))


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
