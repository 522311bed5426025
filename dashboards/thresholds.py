"""Owns the colours that come from alerts: the numbers of alerts/thresholds.yml as steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from dashboards.model import Steps, falling, rising
from exporter.duration import parse_duration

FILE = Path(__file__).resolve().parents[1] / "alerts" / "thresholds.yml"
_LONG = {"d": 86400.0, "w": 604800.0}


@cache
def thresholds() -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    """Return the numbers of all alerts: alert, severity, name."""
    read: Mapping[str, Mapping[str, Mapping[str, object]]] = yaml.safe_load(FILE.read_text())["alerts"]
    return read


def limit(alert: str, severity: str, name: str) -> float:
    """Return one number of an alert; durations in seconds."""
    value = thresholds()[alert][severity][name]
    if isinstance(value, int | float):
        return float(value)
    days = re.fullmatch(r"(\d+)([dw])", str(value))
    return int(days[1]) * _LONG[days[2]] if days else parse_duration(str(value))


def alert_steps(alert: str, name: str = "limit", otherwise: Steps = ()) -> Steps:
    """Return the colours of a number that an alert watches: orange from its warning, red from its critical.

    Where the critical limit is below the warning's, less is worse. A single severity gives a single colour.
    `otherwise` stands in while there is no such alert.
    """
    if otherwise and alert not in thresholds():
        return otherwise
    levels = thresholds()[alert]
    found = {severity: limit(alert, severity, name) for severity, values in levels.items() if name in values}
    warning, critical = found.get("warning", found.get("info")), found.get("critical")
    if warning is None and critical is None:
        raise KeyError(f"{alert} has no {name}")
    if warning is not None and critical is not None and critical < warning:
        return falling(orange=warning, red=critical)
    return rising(orange=warning, red=critical)
