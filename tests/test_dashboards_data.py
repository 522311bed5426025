"""Every panel that ships shows something of the demo's workload, on three majors of PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml

from dashboard_files import DASHBOARDS, Expression, Json, expressions, numbers, substituted
from dashboards.expression import named
from demo_watch import JOB, answer, watched
from farm import Farm

MAJORS = (13, 15, 18)
# What a minute of scraping is enough for: queries run every 20 s or oftener, Prometheus scrapes every 5 s.
VALUES = {
    "$__rate_interval": "60s",
    "$__interval": "5s",
    "$__range": "5m",
    "$job": JOB,
    "$target": ".+",
    "$datname": ".+",
}
EMPTY: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "dashboards_empty.yml").read_text()
)
_SECONDS = 100.0  # until every kind of trouble has been


@pytest.fixture(scope="module")
def urls(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, str]]:
    """The URL of a Prometheus by major; all are fed at the same time."""
    majors = [major for major in MAJORS if major in farm.available]
    if not majors:
        pytest.skip(f"none of PostgreSQL {MAJORS} here")
    with ExitStack() as stack:
        urls = {
            major: stack.enter_context(watched(farm, major, tmp_path_factory.mktemp(f"watched-{major}")))
            for major in majors
        }
        time.sleep(_SECONDS)
        yield urls


def excused(query: Expression, major: int) -> bool:
    """Whether a metric of the query is newer than the server, or the list says that it may be empty."""
    if any(metric.since > major for metric in named(query.text)):
        return True
    listed = EMPTY.get(query.dashboard, {})
    reason = listed.get(f"{query.panel} / {query.letter}") or listed.get(query.panel)
    if reason is None:
        return False
    majors, colon, _ = reason.partition(": ")
    return not colon or not majors[0].isdigit() or str(major) in majors.split(", ")


@pytest.mark.slow
@pytest.mark.parametrize("version", MAJORS)
def test_every_expression_has_data_or_is_on_the_list(urls: dict[int, str], version: int) -> None:
    if version not in urls:
        pytest.skip(f"PostgreSQL {version} is not tested")
    queries = [each for name, board in DASHBOARDS.items() for each in expressions(name, board)]
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(
            partial(answer, urls[version]), (substituted(each.text, VALUES) for each in queries)
        )
    empty = [
        f"{each}: {each.text}"
        for each, found in zip(queries, answers, strict=True)
        if not found and not excused(each, version)
    ]
    assert empty == [], "\n".join(empty)


@pytest.mark.slow
def test_a_tile_shows_one_number(urls: dict[int, str]) -> None:
    """Also when all targets are chosen."""
    url = urls[max(urls)]
    several = [
        f"{name}: {panel['title']}"
        for name, panel in of_type("stat")
        if panel["options"]["textMode"] == "value"
        and len(now(url, substituted(panel["targets"][0]["expr"], VALUES))) > 1
    ]
    assert several == []


@pytest.mark.slow
def test_the_columns_of_a_table_have_its_labels_and_no_others(urls: dict[int, str]) -> None:
    url = urls[max(urls)]
    faults = [
        f"{name}: {panel['title']} {target['refId']} has {sorted(labels)}"
        for name, panel in of_type("table")
        for target in panel["targets"]
        for labels in now(url, substituted(target["expr"], VALUES))
        if not labels <= by(panel)
    ]
    assert faults == []


def by(panel: Json) -> set[str]:
    """Return the labels that make the rows of a table."""
    return {name for name in panel["transformations"][-1]["options"]["indexByName"] if " " not in name}


def of_type(kind: str) -> list[tuple[str, Json]]:
    return [
        (name, panel)
        for name, board in DASHBOARDS.items()
        for panel in numbers(board)
        if panel["type"] == kind
    ]


def now(url: str, promql: str) -> list[set[str]]:
    """Return the names of the labels of each series that the expression has at this moment."""
    found = httpx.get(f"{url}/api/v1/query", params={"query": promql}, timeout=30).json()
    return [set(series["metric"]) for series in found["data"]["result"]]


def test_the_list_names_panels_that_there_are() -> None:
    there = {name: {panel["title"] for panel in numbers(board)} for name, board in DASHBOARDS.items()}
    listed = [(name, entry.rsplit(" / ", 1)[0]) for name, panels in EMPTY.items() for entry in panels]
    assert [each for each in listed if each[1] not in there.get(each[0], set())] == []
