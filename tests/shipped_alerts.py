"""Owns the alerts that are shipped, as tests see them: sources, rules and the files of promtool's tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.alert_rules import groups
from exporter.alert_sources import load

FOLDER = Path(__file__).resolve().parents[1] / "alerts"
ALERTING = load(FOLDER)
ALERTS = {alert.name: alert for subject in ALERTING.subjects for alert in subject.alerts}
SUBJECTS = {alert.name: subject.name for subject in ALERTING.subjects for alert in subject.alerts}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as Prometheus gets it."""

    subject: str
    name: str
    severity: str
    expr: str
    hold: str
    annotations: dict[str, str]


def _rules() -> list[Rule]:
    found = []
    for subject, group in groups(ALERTING):
        entries: Any = group["rules"]
        found += [
            Rule(
                subject.name,
                entry["alert"],
                entry["labels"]["severity"],
                entry["expr"],
                entry.get("for", ""),
                entry["annotations"],
            )
            for entry in entries
            if "alert" in entry
        ]
    return found


RULES = _rules()
RECORDINGS = {
    rule["record"]: rule["expr"]
    for _, group in groups(ALERTING)
    for rule in group["rules"]  # type: ignore[attr-defined]  # a list of rules
    if "record" in rule
}
TEST_FILES = {path.name: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("tests/*.test.yml"))}
