"""Owns the exporter's own metrics: what each job did, which targets are up, and the process itself.

It counts and says what the counts are as families; rendering and keeping them is not its business. So the
own metrics cost a scrape no more than polled ones do.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, GCCollector, Metric, ProcessCollector
from prometheus_client.registry import Collector

from exporter import __version__
from exporter.model import (
    Family,
    JobKey,
    MetricType,
    Number,
    Outcome,
    OutcomeKind,
    Query,
    Sample,
    ServerInfo,
    Skip,
)
from exporter.sharding import Shard

# Always shown, so that `increase()` sees the first one; the others stay away until they happen, because they
# are lasting conditions and would only multiply the series.
_ALWAYS = (OutcomeKind.OK, OutcomeKind.TIMEOUT, OutcomeKind.LOCKED)
_DROPS = ("limit",)
_GAUGE, _COUNTER = MetricType.GAUGE, MetricType.COUNTER


@dataclass(slots=True)
class _Job:
    """Counts of one job since the process started."""

    runs: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ALWAYS, 0))
    dropped: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_DROPS, 0))
    seconds: float = 0.0
    server_seconds: float = 0.0
    overruns: int = 0
    backoff: float = 0.0
    last: Outcome | None = None
    last_success: float | None = None

    @property
    def good(self) -> bool:
        """Whether the newest run was good; not before the first."""
        return self.last is not None and self.last.kind is OutcomeKind.OK

    def interval(self, query: Query) -> float:
        """Seconds between two runs."""
        return (self.last.interval if self.last else None) or query.every


# Name behind pg_exporter_query_, type, help, and the value of a job; None gives no sample.
_JOB_METRICS: tuple[tuple[str, MetricType, str, Callable[[_Job, Query], Number | None]], ...] = (
    ("up", _GAUGE, "1 when the newest run of the query was good.", lambda job, _: int(job.good)),
    (
        "last_success_timestamp_seconds",
        _GAUGE,
        "Unix time of the query's newest good run.",
        lambda job, _: job.last_success,
    ),
    (
        "interval_seconds",
        _GAUGE,
        "Seconds between two runs of the query; longer than set while it costs more than its budget.",
        lambda job, query: job.interval(query),
    ),
    (
        "duration_seconds",
        _GAUGE,
        "Seconds that the newest run of the query took.",
        lambda job, _: job.last.seconds if job.last else None,
    ),
    (
        "seconds_total",
        _COUNTER,
        "Seconds spent on runs of the query, waiting for a connection included.",
        lambda job, _: job.seconds,
    ),
    (
        "server_seconds_total",
        _COUNTER,
        "Seconds in which the server was busy with runs of the query.",
        lambda job, _: job.server_seconds,
    ),
    (
        "samples",
        _GAUGE,
        "Samples that the newest run of the query gave.",
        lambda job, _: job.last.samples if job.last else None,
    ),
    (
        "overruns_total",
        _COUNTER,
        "Turns missed because the run before had not ended.",
        lambda job, _: job.overruns,
    ),
    (
        "backoff_seconds",
        _GAUGE,
        "Seconds for which the failing query is kept from running, 0 when it is not.",
        lambda job, _: job.backoff,
    ),
)


class Telemetry:
    """Counts runs; turns what it counted about a job, a target or the process into families."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._jobs: dict[JobKey, _Job] = {}
        self._scrapes = 0
        self._reload_ok = True
        self.reloaded_at = now()
        self._web_config_ok: bool | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._collectors: tuple[Collector, ...] = (
            ProcessCollector(registry=self._registry),
            GCCollector(registry=self._registry),
        )

    def record(self, key: JobKey, outcome: Outcome) -> None:
        """Count one run of a job."""
        job = self._jobs.setdefault(key, _Job())
        job.runs[outcome.kind] = job.runs.get(outcome.kind, 0) + 1
        job.seconds += outcome.seconds
        job.server_seconds += outcome.server_seconds
        for reason, count in outcome.dropped.items():
            job.dropped[reason] = job.dropped.get(reason, 0) + count
        job.last = outcome
        if outcome.kind is OutcomeKind.OK:
            job.last_success = outcome.at

    def overran(self, key: JobKey) -> None:
        """Count one turn that a job missed because its last run had not ended."""
        self._jobs.setdefault(key, _Job()).overruns += 1

    def backing_off(self, key: JobKey, seconds: float) -> None:
        """Note for how long a job is kept from running; 0 when it is not."""
        self._jobs.setdefault(key, _Job()).backoff = seconds

    def scraped(self) -> None:
        """Count one page that was served."""
        self._scrapes += 1

    def reloaded(self, *, ok: bool) -> None:
        """Note how the last attempt to reload the configuration ended."""
        self._reload_ok = ok
        if ok:
            self.reloaded_at = self._now()

    def web_config_read(self, ok: bool) -> None:  # noqa: FBT001 - it is what is noted
        """Note how the newest attempt to read the web configuration file ended."""
        self._web_config_ok = ok

    def forget(self, key: JobKey) -> None:
        """Drop the counts of a job that is gone."""
        self._jobs.pop(key, None)

    def last_outcome(self, key: JobKey) -> Outcome | None:
        """Return how the job's newest run ended, or None before the first."""
        job = self._jobs.get(key)
        return job.last if job else None

    def last_success(self, key: JobKey) -> float | None:
        """Return the Unix time of the job's newest good run, or None."""
        job = self._jobs.get(key)
        return job.last_success if job else None

    def backoff(self, key: JobKey) -> float:
        """Return for how many seconds the job is kept from running, 0 when it is not."""
        job = self._jobs.get(key)
        return job.backoff if job else 0.0

    def job_families(self, key: JobKey, query: Query) -> tuple[Family, ...]:
        """Return the own metrics of a job that applies, also before its first run."""
        job = self._jobs.setdefault(key, _Job())
        names, values = _identity(key)
        families = [
            _counted("query_runs_total", "Runs of the query by how they ended.", "outcome", key, job.runs),
            _counted("series_dropped_total", "Series left out, by reason.", "reason", key, job.dropped),
        ]
        for name, kind, text, value_of in _JOB_METRICS:
            value = value_of(job, query)
            if value is not None:
                sample = Sample(values, value)
                families.append(Family(f"pg_exporter_query_{name}", kind, text, names, (sample,)))
        return tuple(families)

    def skip_families(self, key: JobKey, skip: Skip) -> tuple[Family, ...]:
        """Return the own metric of a job that does not apply."""
        names, values = _identity(key)
        sample = Sample((*values, skip.reason.value), 1)
        text = "1 for each query that does not run, with the reason."
        return (Family("pg_exporter_query_skipped", _GAUGE, text, (*names, "reason"), (sample,)),)

    def target_families(
        self, target: str, *, up: bool, server: ServerInfo | None, probes: Mapping[str, int]
    ) -> tuple[Family, ...]:
        """Return what is known about a target as such; `probes` are counts by outcome."""
        text = (
            "Probes, one every 15 s for each target: ok when it is up and has answered since the one before."
        )
        counted = tuple(Sample((target, outcome), count) for outcome, count in probes.items())
        families = [
            _single("pg_up", "1 when the server answered at the newest attempt.", {"target": target}, int(up))
        ]
        if counted:
            families.append(
                Family("pg_exporter_probes_total", _COUNTER, text, ("target", "outcome"), counted)
            )
        if server is not None and up:
            labels = {"target": target, "engine": str(server.engine)}
            labels |= {"database": server.database, "role": server.role}
            text = "What the target is, the database that its queries start from, and the role they run as."
            families.append(_single("pg_exporter_target_info", text, labels, 1))
        return tuple(families)

    def paused_families(self, target: str) -> tuple[Family, ...]:
        """Return all that is said of a target that is paused."""
        text = "1 while the target is paused: nothing else is said of it, and no connection to it is made."
        return (_single("pg_exporter_target_paused", text, {"target": target}, 1),)

    def process_families(self, *, series: int, shard: Shard | None = None) -> tuple[Family, ...]:
        """Return the metrics of the process itself; `series` is the number of samples on the page."""
        build = {"version": __version__, "python": platform.python_version()}
        place = {"shard": str(shard.number), "shards": str(shard.count)} if shard else {}
        text = "Which of how many shards this process is; absent without sharding."
        sharded = (_single("pg_exporter_shard_info", text, place, 1),) if shard else ()
        return (
            *sharded,
            _single("pg_exporter_build_info", "The version of the exporter and of Python.", build, 1),
            _single("pg_exporter_series", "Samples of all targets on the page.", {}, series),
            _single("pg_exporter_scrapes_total", "Pages served.", {}, self._scrapes, _COUNTER),
            _single(
                "pg_exporter_config_last_reload_successful",
                "1 when the newest attempt to load the configuration was good.",
                {},
                int(self._reload_ok),
            ),
            _single(
                "pg_exporter_config_last_reload_success_timestamp_seconds",
                "Unix time of the newest good load of the configuration.",
                {},
                self.reloaded_at,
            ),
            *self._web_config_families(),
            *_collected(self._collectors),
        )

    def _web_config_families(self) -> tuple[Family, ...]:
        if self._web_config_ok is None:
            return ()
        text = "1 when the newest attempt to read the web configuration file was good; absent without one."
        name = "pg_exporter_web_config_last_reload_successful"
        return (_single(name, text, {}, int(self._web_config_ok)),)


def _identity(key: JobKey) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if key.database is None:
        return ("target", "query"), (key.target, key.query)
    return ("target", "datname", "query"), (key.target, key.database, key.query)


def _counted(name: str, text: str, label: str, key: JobKey, counts: Mapping[str, int]) -> Family:
    names, values = _identity(key)
    samples = tuple(Sample((*values, str(what)), count) for what, count in counts.items())
    return Family(f"pg_exporter_{name}", _COUNTER, text, (*names, label), samples)


def _single(
    name: str, text: str, labels: Mapping[str, str], value: Number, kind: MetricType = _GAUGE
) -> Family:
    return Family(name, kind, text, tuple(labels), (Sample(tuple(labels.values()), value),))


def _collected(collectors: Iterable[Collector]) -> Iterable[Family]:
    for collector in collectors:
        for metric in collector.collect():
            yield _family(metric)


def _family(metric: Metric) -> Family:
    """Convert what prometheus_client collects: gauges and counters, one label set a family."""
    kind = _COUNTER if metric.type == "counter" else _GAUGE
    name = f"{metric.name}_total" if kind is _COUNTER else metric.name
    kept = [sample for sample in metric.samples if sample.name == name]
    names = tuple(kept[0].labels) if kept else ()
    samples = tuple(Sample(tuple(sample.labels.values()), sample.value) for sample in kept)
    return Family(name, kind, metric.documentation, names, samples)
