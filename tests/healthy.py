"""Owns pages of healthy servers as series for promtool: as they stand, grow, end and begin anew."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from programs import require
from shipped_alerts import FOLDER

JOB = "pg-oauth-exporter"
WATCHDOG = "PgOauthExporterWatchdog"
_FIRING = 'count by (alertname, severity, target, query) (ALERTS{{alertstate="firing",{which}}})'


@dataclass(frozen=True, slots=True)
class Series:
    """One series: where it begins, and by how much it rises in a minute."""

    name: str
    labels: Mapping[str, str]
    value: float
    a_minute: float = 0.0
    is_counter: bool = False

    @property
    def target(self) -> str:
        """The target, "" for what is about the exporter."""
        return self.labels.get("target", "")

    @property
    def key(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """What tells it from others."""
        return self.name, frozenset(self.labels.items())


@dataclass(frozen=True, slots=True)
class Course:
    """What a series does over time: values in promtool's notation, one for each minute."""

    series: Series
    parts: tuple[str, ...] = field(default=())

    def go_on(self, minutes: int, series: Series | None = None) -> Course:
        """Go on for some minutes, as another series if one is given."""
        as_what = series or self.series
        step = as_what.a_minute
        return replace(self, parts=(*self.parts, f"{as_what.value:.10g}{step:+.10g}x{minutes - 1}"))

    def away(self, minutes: int) -> Course:
        """Be absent for some minutes."""
        return replace(self, parts=(*self.parts, f"_x{minutes}"))

    def as_input(self) -> dict[str, str]:
        """Return it as promtool reads it."""
        labels = {"job": JOB, "instance": "exporter:9187", **self.series.labels}
        inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
        return {"series": f"{self.series.name}{{{inner}}}", "values": " ".join(self.parts)}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def read(page: str, now: float) -> list[Series]:
    """Return the series of a page that was read at the Unix time `now`, which is 0 to promtool."""
    found = [Series("up", {}, 1)]
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            value = sample.value
            step = 0.0
            if sample.name.endswith(("_timestamp_seconds", "_start_time_seconds")) and value:
                value -= now
            if sample.name == "pg_exporter_query_last_success_timestamp_seconds":
                step = 60.0
            counts = family.type == "counter" or sample.name.endswith(("_bucket", "_sum", "_count"))
            found.append(Series(sample.name, sample.labels, value, step, counts))
    return found


def growing(first: Iterable[Series], then: Iterable[Series], minutes: float) -> list[Series]:
    """Return the later series; counters grow as they did between the two, which were so far apart."""
    before = {series.key: series.value for series in first}
    return [
        replace(series, a_minute=max(0.0, series.value - before.get(series.key, series.value)) / minutes)
        if series.is_counter
        else series
        for series in then
    ]


def steady(found: Iterable[Series], minutes: int) -> list[Course]:
    """Return series that only go on."""
    return [Course(series).go_on(minutes) for series in found]


def fires(
    folder: Path,
    scenarios: Mapping[str, tuple[Iterable[Course], Iterable[int]]],
    which: str = 'severity!=""',
) -> subprocess.CompletedProcess[str]:
    """Run promtool with all rules: at these minutes only the watchdog fires, of the alerts of a kind."""
    expected = [{"labels": f'{{alertname="{WATCHDOG}",severity="none"}}', "value": 1}]
    tests: list[dict[str, Any]] = [
        {
            "name": name,
            "interval": "1m",
            "input_series": [course.as_input() for course in courses],
            "promql_expr_test": [
                {"expr": _FIRING.format(which=which), "eval_time": f"{minute}m", "exp_samples": expected}
                for minute in minutes
            ],
        }
        for name, (courses, minutes) in scenarios.items()
    ]
    rules = [str(path) for path in sorted(FOLDER.glob("*.rules.yml"))]
    file = folder / "healthy.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": rules, "evaluation_interval": "1m", "tests": tests}))
    return subprocess.run(
        [require("promtool"), "test", "rules", file], capture_output=True, text=True, check=False
    )
