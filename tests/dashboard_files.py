"""Owns how tests read the dashboards that ship: their panels, expressions and variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
DASHBOARDS: dict[str, Json] = {path.stem: json.loads(path.read_text()) for path in FILES}

# What Grafana puts in the place of its own variables; any window will do for a parser.
WINDOWS = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h"}
_VARIABLE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")


def panels(dashboard: Json) -> Iterator[Json]:
    """Yield all panels, rows among them, those in folded rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def numbers(dashboard: Json) -> Iterator[Json]:
    """Yield the panels that show numbers."""
    return (panel for panel in panels(dashboard) if panel["type"] not in {"row", "text"})


@dataclass(frozen=True, slots=True)
class Expression:
    """One query of a panel, as it stands in the file."""

    dashboard: str
    panel: str
    letter: str
    text: str

    def __str__(self) -> str:
        return f"{self.dashboard} / {self.panel} / {self.letter}"


def expressions(name: str, dashboard: Json) -> Iterator[Expression]:
    """Yield every query of every panel."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield Expression(name, panel["title"], target["refId"], target["expr"])


def variables_in(text: str) -> set[str]:
    """Return the names of variables that a text uses."""
    return set(_VARIABLE.findall(text))


def substituted(text: str, values: Mapping[str, str]) -> str:
    """Return an expression with a value for each variable; those of Grafana must be among them."""
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"${{{name.lstrip('$')}}}", values[name]).replace(
            f"${name.lstrip('$')}", values[name]
        )
    return text
