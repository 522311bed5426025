"""Rules of the HTTP of a fleet: discovery, probes, and what load balancers ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest

from exporter import web
from exporter.fleet import Fleet
from exporter.model import Family, JobKey, MetricType, Sample, Target
from exporter.roles import Standing
from exporter.status import Status
from exporter.store import Store
from exporter.telemetry import Telemetry

NOW = 1000.0
STANDINGS = {
    "main": Standing(up=True, in_recovery=False, seen_at=NOW),
    "replica": Standing(up=True, in_recovery=True, seen_at=NOW, lag=4.0),
    "away": Standing(up=False, problem="connection refused"),
}


class Site:
    """The application over a store with two series of each target, and two of the process."""

    def __init__(self, names: tuple[str, ...] = tuple(STANDINGS), labels: Mapping[str, str] = {}) -> None:
        store = Store(lambda: 0.0)
        for name in (*names, ""):
            family = Family("pg_locks", MetricType.GAUGE, "Locks.", ("target",), (Sample((name,), 1),))
            store.put(JobKey("pg_locks", name), store.rendered(name, [family]), 1.0)
            own = Family("pg_up", MetricType.GAUGE, "Up.", ("target",), (Sample((name,), 1),))
            store.put_own(JobKey("", name), [own])
        targets = {name: Target(name, "postgresql:", labels=tuple(labels.items())) for name in names}
        backend = web.Backend(
            store,
            Telemetry(lambda: 0.0),
            lambda only=None, *, with_queries=True: Status("", 0.0, 0.0, 0, (), (), ()),  # noqa: ARG005 - as it is called
            lambda: frozenset(names),
            fleet=Fleet(lambda: targets, STANDINGS.__getitem__, lambda: NOW),
        )
        self._app = web.create(backend)

    def ask(self, path: str, method: str = "GET", host: str = "exporter:9187") -> httpx.Response:
        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.request(method, path)

        return asyncio.run(exchange())

    def targets(self, path: str) -> set[str]:
        lines = [line for line in self.ask(path).text.splitlines() if not line.startswith("#")]
        found = {line.split('"')[1] for line in lines}
        assert len(lines) == 2 * len(found)
        return found


def test_a_probe_is_of_one_target_with_its_polled_and_its_own_metrics() -> None:
    assert Site().targets("/probe?target=main") == {"main"}


def test_a_page_of_several_targets_has_these_and_a_page_of_none_named_has_all() -> None:
    site = Site()
    assert site.targets("/metrics?target=main&target=away") == {"main", "away"}
    assert site.targets("/metrics") == {"main", "replica", "away", ""}


def test_the_exporter_s_own_page_has_what_is_about_no_target() -> None:
    assert Site().targets("/metrics/exporter") == {""}


@pytest.mark.parametrize("query", ["", "?target=", "?target=main&target=away", "?target=main&target=main"])
def test_a_probe_of_no_target_or_of_several_is_a_bad_request(query: str) -> None:
    answer = Site().ask(f"/probe{query}")
    assert (answer.status_code, answer.text) == (400, "a probe is of one target: /probe?target=name\n")


@pytest.mark.parametrize("path", ["/probe?target=mian", "/metrics?target=mian", "/targets/mian/primary"])
def test_of_few_targets_all_are_named_to_who_asks_for_another(path: str) -> None:
    answer = Site().ask(path)
    assert answer.status_code == 404
    assert answer.text == "no target named mian; there are: away, main, replica\n"


@pytest.mark.parametrize("path", ["/probe?target={}", "/metrics?target={}", "/targets/{}/primary"])
def test_of_many_targets_only_the_nearest_is_named(path: str) -> None:
    site = Site(tuple(f"db-{number}" for number in range(500)))
    answer = site.ask(path.format("db-77x"))
    assert (answer.status_code, answer.text) == (404, "no target named db-77x; did you mean db-77?\n")
    answer = site.ask(path.format("nothing"))
    assert answer.text == "no target named nothing; there are 500, and /sd lists them\n"
    assert len(site.ask(path.format("x" * 5000)).content) < 200


def test_discovery_has_an_entry_for_each_target_and_one_for_the_process() -> None:
    answer = Site(("main", "away"), {"env": "prod"}).ask("/sd", host="exporter.example:9187")
    assert answer.headers["content-type"] == "application/json"
    own, *targets = answer.json()
    address = ["exporter.example:9187"]
    assert own == {"targets": address, "labels": {"__metrics_path__": "/metrics/exporter"}}
    assert targets == [
        {
            "targets": address,
            "labels": {
                "__metrics_path__": "/probe",
                "__param_target": name,
                "instance": name,
                "__meta_pg_oauth_exporter_target": name,
                "__meta_pg_oauth_exporter_engine": "postgresql",
                "__meta_pg_oauth_exporter_label_env": "prod",
            },
        }
        for name in ("main", "away")
    ]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/targets/main/primary", 200, "primary, seen "),
        ("/targets/main/replica", 503, "primary, seen "),
        ("/targets/main/healthy", 200, "primary, seen "),
        ("/targets/replica/primary", 503, "replica, 4 s behind, seen "),
        ("/targets/replica/replica", 200, "replica, 4 s behind, seen "),
        ("/targets/replica/replica?max_lag=4s", 200, "replica, 4 s behind, seen "),
        ("/targets/replica/replica?max_lag=3900ms", 503, "replica, 4 s behind, seen "),
        ("/targets/replica/replica?max_lag=long", 400, "max_lag must be a duration"),
        ("/targets/away/healthy", 503, "down: connection refused"),
        ("/targets/gone/healthy", 404, "no target named gone"),
        ("/targets/main/leader", 404, "there is nothing at this path"),
    ],
)
def test_a_load_balancer_is_told_by_the_status_code(path: str, code: int, words: str) -> None:
    answer = Site().ask(path)
    assert (answer.status_code, answer.text[: len(words)]) == (code, words)


@pytest.mark.parametrize(("method", "has_body"), [("HEAD", False), ("OPTIONS", True)])
def test_checks_may_be_head_and_options(method: str, has_body: bool) -> None:
    site = Site()
    assert site.ask("/targets/main/primary", method).status_code == 200
    refused = site.ask("/targets/main/replica", method)
    assert refused.status_code == 503
    assert not has_body or refused.text.startswith("primary")
    assert site.ask("/targets/main/primary", "POST").status_code == 405
