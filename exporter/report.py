"""Owns how the status document is put together, from the configuration and all that is known of targets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from exporter import __version__
from exporter.configuration import Configuration
from exporter.evidence import Evidence
from exporter.model import JobKey
from exporter.status import QueryStatus, Status, not_ready, settled, skipped_status, target_status
from exporter.store import Served, Store
from exporter.telemetry import Telemetry
from exporter.watch import Watch


@dataclass(frozen=True, slots=True)
class Reporter:
    """Knows where to look; `started` is the Unix time at which the exporter was."""

    store: Store
    telemetry: Telemetry
    evidence: Evidence
    now: Callable[[], float]
    started: float

    def report(
        self,
        configuration: Configuration,
        watches: Collection[Watch],
        faults: tuple[str, ...],
        *,
        with_queries: bool,
    ) -> Status:
        """Return the status of these targets as of now; `faults` are those of the newest reload."""
        now = self.now()
        sets = {name: query.set for name, query in configuration.catalog.queries.items()}
        served = self.store.served()
        shown = sets if with_queries else None
        targets = [
            target_status(
                watch, self.telemetry, self.evidence, served.get(watch.target.name, Served()), shown
            )
            for watch in watches
        ]
        return Status(
            version=__version__,
            started=self.started,
            now=now,
            series=self.store.samples(),
            not_ready=not_ready(watches, self.telemetry, now, settled(targets)),
            targets=tuple(targets),
            disabled=_disabled(configuration, sets),
            reloaded=self.telemetry.reloaded_at,
            reload_faults=faults,
            shard=str(configuration.shard or ""),
        )


def _disabled(configuration: Configuration, sets: dict[str, str]) -> tuple[QueryStatus, ...]:
    return tuple(
        skipped_status(JobKey(name, ""), sets[name], reason)
        for name, reason in sorted(configuration.disabled.items())
    )
