"""Owns targets of which all is known and nothing is reached: what is said about them can be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exporter.gateways import gateway_to
from exporter.model import JobKey, Outcome, OutcomeKind, Query, ServerInfo, Skip, Target
from exporter.plan import Plan
from exporter.runner import Runner
from exporter.schedule import Schedule
from exporter.shared import Engine
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.watch import Watch

NOW = 1000.0
_SERVER = ServerInfo(170004, "17.4", False, "oauth2", "monitor", (), started=500.0)


async def _never(_: JobKey) -> Outcome | None:
    raise AssertionError("no query has a turn")


class Known:
    """What an exporter knows, at the time NOW."""

    def __init__(self) -> None:
        self.telemetry = Telemetry(lambda: NOW)
        self.store = Store(lambda: NOW)
        runner = Runner(
            self.store, self.telemetry, derivations={}, expire_after=3.0, now=lambda: NOW, timer=lambda: 0.0
        )
        turns = Schedule(_never, lambda _: None, self.telemetry, lambda: NOW)
        self._engine = Engine(self.store, self.telemetry, runner, turns, lambda: NOW, lambda: 0.0)

    def watch(self, name: str, queries: Iterable[Query], skipped: Mapping[str, Skip]) -> Watch:
        """Return a target that is up, with these queries, none of which has run."""
        target = Target(name, "sqlite:///nothing")
        by_name = {query.name: query for query in queries}
        watch = Watch(target, by_name, gateway_to(target), self._engine)
        watch.up = watch.tried = True
        watch.server = _SERVER
        watch.plan = Plan(
            {JobKey(query, name): by_name[query] for query in by_name},
            {JobKey(query, name): skip for query, skip in skipped.items()},
        )
        return watch

    def ran(
        self, key: JobKey, kind: OutcomeKind = OutcomeKind.OK, at: float = 900.0, message: str = ""
    ) -> None:
        """Note a run of a query."""
        self.telemetry.record(key, Outcome(kind, at, 0.5, 0.2, rows=3, samples=6, message=message))
