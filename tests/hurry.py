"""Owns what ships, rules and queries, with times that are short enough for the end-to-end suite."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, cast

import yaml

from exporter.alert_files import rule_files
from exporter.alert_rules import Rule, groups
from exporter.alert_sources import Alerting, load, shipped_directory
from shipped import CATALOG

THRESHOLDS = Path(__file__).parent / "installation.yml"
_OFTEN = {"enabled": True, "every": "3s", "timeout": "2s", "budget": "100%"}


def alerting(folder: Path) -> Alerting:
    """Return what ships, with the numbers of `installation.yml` and 2 s wherever something has to last."""
    lasting = {
        name: {str(level): {"for": "2s"} for level, values in levels.items() if "for" in values}
        for name, levels in load(shipped_directory()).thresholds.alerts.items()
    }
    soon = folder / "soon.yml"
    soon.write_text(yaml.safe_dump({"alerts": {name: levels for name, levels in lasting.items() if levels}}))
    return load(shipped_directory(), [soon, THRESHOLDS])


def write_rules(made: Alerting, folder: Path) -> None:
    for name, text in rule_files(made):
        (folder / name).write_text(text)


def queries(made: Alerting, alerts: Collection[str]) -> dict[str, Any]:
    """Return what is set for each query: those that these alerts read run often, and no others.

    Without alerts all run that any rule reads, as often as they ship.
    """
    rules = [rule for _, group in groups(made) for rule in cast("list[Rule]", group["rules"])]
    often = _names(rule for rule in rules if rule.get("alert") in alerts)
    for _ in range(2):  # recording rules may read others
        often |= _names(rule for rule in rules if rule.get("record") in often)
    known = set() if alerts else _names(rules)
    found = {}
    for query in CATALOG.queries.values():
        families = _families(column.family for column in query.columns)
        found[query.name] = dict(_OFTEN) if often & families else {"enabled": bool(known & families)}
    return found


def _names(rules: Iterable[Rule]) -> set[str]:
    return {name for rule in rules for name in re.findall(r"[\w:]+", str(rule["expr"]))}


def _families(names: Iterable[str]) -> set[str]:
    """Return the names of series, of a histogram in all its parts."""
    return {name + part for name in names for part in ("", "_bucket", "_sum", "_count")}
