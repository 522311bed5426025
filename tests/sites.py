"""Owns the HTTP application as tests ask it: in process, over two targets that are made up."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx

from exporter import web
from exporter.dashboard_files import Dashboard
from exporter.evidence import Evidence
from exporter.model import Family, JobKey, MetricType, Query, Rows, Sample
from exporter.render import fragment
from exporter.status import Counts, EvidenceStatus, QueryStatus, Status, TargetStatus
from exporter.store import Store
from exporter.telemetry import Telemetry

EVIDENT = Query("tree", "locks", "Trees.", 15.0, 1.0, (), (), (), "tree.sql", evidence="blocking")
STATUS = Status(
    version="1.2.3",
    started=1000.0,
    now=1060.0,
    series=2,
    not_ready=(),
    targets=(
        TargetStatus(
            name="main",
            up=True,
            problem="",
            engine="postgresql",
            version="17.4",
            standby=False,
            database="oauth2",
            role="monitor",
            queries=(
                QueryStatus(
                    "pg_locks",
                    "locks",
                    None,
                    "ok",
                    every=15.0,
                    last_run=1050.0,
                    last_success=1050.0,
                    seconds=0.002,
                    server_seconds=0.001,
                    rows=3,
                    samples=7,
                ),
                QueryStatus("oauth2_tokens", "oauth2", "app", "skipped", "relation: <none>", "CREATE it"),
            ),
            evidence=(
                EvidenceStatus("blocking", "Who waits.", "evidence/main/blocking", 1, 1050.0, lasting=True),
            ),
            state="up",
            started=400.0,
            newest=1050.0,
            oldest=1020.0,
            series=8,
            counts=Counts(ok=1, skipped=1),
            server_share=0.0002,
        ),
        TargetStatus(
            "replica", False, "connection refused", "postgresql", None, None, None, None, (), state="down"
        ),
    ),
    disabled=(QueryStatus("columns", "columns", "", "skipped", "disabled: not on by default"),),
    reloaded=1000.0,
)


def _evidence() -> Evidence:
    """One episode, which goes on: a session in two runs."""
    evidence = Evidence(keep=5)
    for at in (1035.0, 1050.0):
        columns = ("depth", "pid", "usename", "waiting_seconds", "query")
        rows = Rows(columns, [(0, 41, "app<b>", None, None), (1, 42, "web", 125.2, "select 1")])
        evidence.note(JobKey("tree", "main"), EVIDENT, rows, at)
    return evidence


class Site:
    """The application over a store with one series for each of two targets."""

    def __init__(
        self,
        status: Status = STATUS,
        faults: tuple[str, ...] | None = None,
        dashboards: Sequence[Dashboard] = (),
    ) -> None:
        store = Store(lambda: 0.0)
        for target in ("main", "replica"):
            family = Family("pg_locks", MetricType.GAUGE, "Locks.", ("target",), (Sample((target,), 1),))
            store.put(JobKey("pg_locks", target), [fragment(family)], 1.0)
        self.telemetry = Telemetry(lambda: 0.0)
        self.reloads = 0

        async def reload() -> tuple[str, ...]:
            self.reloads += 1
            return faults or ()

        def answer(only: str | None = None, *, with_queries: bool = True) -> Status:
            targets = (each for each in status.targets if only in {None, each.name})
            if not with_queries:
                targets = (replace(each, queries=()) for each in targets)
            return replace(status, targets=tuple(targets))

        self._app = web.create(
            web.Backend(
                store,
                self.telemetry,
                answer,
                lambda: frozenset(target.name for target in status.targets),
                None if faults is None else reload,
                _evidence(),
                dashboards,
            )
        )

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        parameters: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
                return await client.request(
                    method, path, params=parameters, headers={"Accept-Encoding": "", **(headers or {})}
                )

        return asyncio.run(exchange())
