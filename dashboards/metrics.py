"""Owns what is known of every metric that a dashboard may show: type, labels, and how often it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from exporter.catalog import load, shipped_directory
from exporter.derive import DERIVATIONS
from exporter.leadership import Leadership
from exporter.model import Column, JobKey, MetricType, Outcome, OutcomeKind, Query, Scope, Skip, SkipReason
from exporter.sharding import Shard
from exporter.telemetry import Telemetry

RULES = Path(__file__).resolve().parents[1] / "alerts"
_TARGET = frozenset({"target"})
_SCRAPE = frozenset({"job", "instance"})  # what Prometheus adds to every series
_GAUGE, _COUNTER = MetricType.GAUGE, MetricType.COUNTER


@dataclass(frozen=True, slots=True)
class Metric:
    """A name that may stand in an expression. `every`: seconds between two reads, None where nobody waits.

    `since` is the first major version of PostgreSQL that has it. `labels` is None where they cannot be known. Some of its series have none of the labels `partly`.
    """

    name: str
    type: MetricType
    labels: frozenset[str] | None
    every: float | None = None
    partly: frozenset[str] = frozenset()
    since: int = 0

    def has(self, label: str) -> bool:
        """Whether its series may have the label."""
        return self.labels is None or label in self.labels


@cache
def metrics() -> Mapping[str, Metric]:
    """Return all of them by name: of queries, of the exporter itself, of Prometheus, of recording rules."""
    found = (*_of_queries(), *_of_the_exporter(), *_of_no_query(), *_of_prometheus(), *_recorded(RULES))
    return {metric.name: metric for metric in found}


def _of_queries() -> Iterator[Metric]:
    for query in load([shipped_directory()], DERIVATIONS).queries.values():
        own = {"target", *query.labels} | ({"datname"} if query.scope is Scope.DATABASE else set())
        labels = _SCRAPE | own
        for column in query.columns:
            since = _since(query, column)
            if column.type is MetricType.HISTOGRAM:
                # Of this moment, such as the codes of the last hour: there is nothing to take a rate of.
                yield Metric(f"{column.family}_bucket", _GAUGE, labels | {"le"}, query.every)
                yield Metric(f"{column.family}_sum", _GAUGE, labels, query.every)
                yield Metric(f"{column.family}_count", _GAUGE, labels, query.every)
            else:
                yield Metric(column.family, column.type, labels, query.every, since=since)


def _since(query: Query, column: Column) -> int:
    """Return the version by what the query needs, and by what the help of the metric says."""
    said = re.search(r"\(PostgreSQL (\d+)", column.help)
    lowest = query.variants[0][0] if query.variants else 0
    return max(query.needs.version or 0, lowest, int(said[1]) if said else 0)


def _of_the_exporter() -> Iterator[Metric]:
    """Yield the own metrics, as the exporter itself would name them after one run of a query."""
    telemetry = Telemetry(lambda: 0.0)
    key = JobKey("query", "target", "datname")
    query = Query("query", "set", "", 15.0, 1.0, (), (), (), "")
    telemetry.record(key, Outcome(OutcomeKind.OK, 0.0))
    telemetry.web_config_read(ok=True)
    of_jobs = [
        *telemetry.job_families(key, query),
        *telemetry.skip_families(key, Skip(SkipReason.DISABLED, "")),
    ]
    others = [
        *telemetry.target_families("target", up=True, server=None, probes={"ok": 1}),
        *telemetry.paused_families("target"),
        *Leadership("target", 1).families(),
        *telemetry.process_families(series=0, shard=Shard(1, 1)),
    ]
    for family in (*of_jobs, *others):
        # A query that runs once on a server is of no database.
        without = frozenset({"datname"}) if family in of_jobs else frozenset[str]()
        yield Metric(family.name, family.type, _SCRAPE | set(family.label_names), partly=without)
    labels = _SCRAPE | {"target", "engine", "database", "role"}
    yield Metric("pg_exporter_target_info", _GAUGE, labels)


def _of_no_query() -> Iterator[Metric]:
    """Yield what is read of backups, certificates and token stores without a query of the catalogue."""
    for name in ("check_success", "newest_timestamp_seconds", "newest_size_bytes", "files", "size_ratio"):
        yield Metric(f"pg_backup_{name}", _GAUGE, _SCRAPE | {"target", "backup"}, 60.0, partly=_TARGET)
    invalid = _SCRAPE | {"target", "backup", "reason"}
    yield Metric("pg_backup_invalid_files", _GAUGE, invalid, 60.0, partly=_TARGET)
    yield Metric("pg_tls_certificate_not_after_timestamp_seconds", _GAUGE, _SCRAPE | {"target"}, 3600.0)
    store = _SCRAPE | {"target", "datname"}
    for name, labels in (
        ("profile_info", {"profile", "schema"}),
        ("unobservable_info", {"what", "reason"}),
        ("tokens_method_info", {"kind", "state", "method"}),
        ("tokens_longest_lifetime_seconds", {"kind", "origin"}),
    ):
        yield Metric(f"oauth2_{name}", _GAUGE, store | labels, 60.0)


def _of_prometheus() -> Iterator[Metric]:
    yield Metric("up", _GAUGE, _SCRAPE)
    for name in ("scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added"):
        yield Metric(name, _GAUGE, _SCRAPE)
    for name in ("ALERTS", "ALERTS_FOR_STATE"):
        yield Metric(name, _GAUGE, None, partly=_TARGET)


def _recorded(folder: Path) -> Iterator[Metric]:
    for path in sorted(folder.glob("*.rules.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    yield Metric(rule["record"], _GAUGE, None)
