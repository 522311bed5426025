"""The pages of hundreds of targets: how long they take, which a scrape waits for, and how large they are."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from exporter import web
from exporter.evidence import Evidence
from exporter.model import Family, JobKey, MetricType, OutcomeKind, Query, Sample
from exporter.render import fragment
from exporter.status import Status, not_ready, settled, target_status
from exporter.store import Served
from exporter.watch import Watch
from watches import NOW, Known

TARGETS, QUERIES = 500, 130
MANY_QUERIES = 300


class Fleet:
    """An exporter of many targets, each query of which has run; one target has more queries than others."""

    def __init__(self) -> None:
        self._known = Known()
        self._queries = [
            Query(f"some_query_number_{number}", "some", "Some.", 15.0, 1.0, (), (), (), "some.sql")
            for number in range(MANY_QUERIES)
        ]
        self._watches = {watch.target.name: watch for watch in map(self._watch, range(TARGETS))}
        self._app = web.create(
            web.Backend(
                self._known.store, self._known.telemetry, self._status, lambda: frozenset(self._watches)
            )
        )

    def _watch(self, number: int) -> Watch:
        name = f"server-{number:03}"
        count = QUERIES if number else MANY_QUERIES
        for place, query in enumerate(self._queries[:count]):
            key = JobKey(query.name, name)
            fails = place == number % 7 == 0
            self._known.ran(key, OutcomeKind.TIMEOUT if fails else OutcomeKind.OK, NOW - 1, "took too long")
            family = Family(query.name, MetricType.GAUGE, "Some.", ("target",), (Sample((name,), 1),))
            self._known.store.put(key, [fragment(family)], NOW + 60)
        return self._known.watch(name, self._queries[:count], {})

    def _status(self, only: str | None = None, *, with_queries: bool = True) -> Status:
        telemetry, served = self._known.telemetry, self._known.store.served()
        sets = {query.name: query.set for query in self._queries} if with_queries else None
        watches = [self._watches[only]] if only else list(self._watches.values())
        targets = [
            target_status(watch, telemetry, Evidence(5), served.get(watch.target.name, Served()), sets)
            for watch in watches
        ]
        problems = not_ready(watches, telemetry, NOW, settled(targets))
        return Status("1", 0.0, NOW, self._known.store.samples(), problems, tuple(targets), ())

    def ask(self, path: str) -> tuple[httpx.Response, float]:
        """Return the answer, and the least processor time that it took of three."""

        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
                return await client.get(path, headers={"Accept-Encoding": "gzip"})

        took = []
        for _ in range(3):
            started = time.process_time()
            answer = asyncio.run(exchange())
            took.append(time.process_time() - started)
        return answer, min(took)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return Fleet()


@pytest.mark.parametrize(
    "path", ["/", "/?page=5", "/?q=server-44", "/?state=problems", "/targets/server-000"]
)
def test_a_page_of_500_targets_or_of_300_queries_is_made_quickly_and_small(fleet: Fleet, path: str) -> None:
    answer, seconds = fleet.ask(path)
    assert answer.status_code == 200
    assert seconds < 0.3
    assert len(answer.content) < 200_000
    assert int(answer.headers["content-length"]) < 12_000


def test_of_500_targets_those_with_problems_are_on_the_first_page(fleet: Fleet) -> None:
    page = fleet.ask("/")[0].text
    assert "500 targets, page 1 of 5" in page
    assert page.count("took too long") == len(range(0, TARGETS, 7))
    assert 'href="./?q=&amp;state=&amp;page=2"' in page
