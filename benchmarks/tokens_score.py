"""Owns how answers of the token benchmark are compared with the truth and printed."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from exporter.model import Rows

RUNS = 12  # an hour of runs
Cells = dict[tuple[str, str], float]
MEASURES = ("active access", "active refresh", "expired", "revoked", "total")


@dataclass(frozen=True, slots=True)
class Result:
    """One condition: worst and mean errors in percent, coverage by cell, and what a run cost."""

    label: str
    why: str
    blocks: float
    milliseconds: float
    single: dict[str, list[float]]
    averaged: dict[str, list[float]]
    coverage: dict[str, float]
    averaged_coverage: dict[str, float]
    methods: str


class Score:
    """Errors of the numbers of the table, and for each cell how often its interval held the truth."""

    def __init__(self, truth: Cells) -> None:
        self.truth = truth
        self.errors: dict[str, list[float]] = {name: [] for name in MEASURES}
        self._held: dict[str, list[bool]] = {}
        self.methods = ""

    def add(self, found: Rows) -> None:
        """Compare an answer with the truth."""
        got = {}
        methods = set()
        for kind, state, count, half_width, method in cast(
            "Sequence[tuple[str, str, float, float, str]]", found.rows
        ):
            got[kind, state] = count
            off = abs(count - self.truth[kind, state])
            self._held.setdefault(f"{state} {kind}", []).append(off <= half_width + 0.5)
            methods.add(f"{state} {kind}: {method}" if state == "active" else f"others: {method}")
        self.methods = ", ".join(sorted(methods))
        for name in MEASURES:
            wanted = _sum(self.truth, name)
            self.errors[name].append(100 * (_sum(got, name) - wanted) / wanted)

    def held(self) -> dict[str, float]:
        """Return by kind and state the share of answers whose interval held the truth."""
        return {name: statistics.mean(held) for name, held in self._held.items()}


def _sum(cells: Cells, name: str) -> float:
    words = name.split()
    return sum(
        count
        for (kind, state), count in cells.items()
        if name == "total" or (words[0] == state and (len(words) == 1 or words[1] == kind))
    )


def _error(errors: list[float]) -> str:
    rms = statistics.mean(each**2 for each in errors) ** 0.5
    within = sorted(abs(each) for each in errors)[int(0.95 * len(errors)) - 1]
    return f"{rms:.1f} / {within:.1f} / {max(map(abs, errors)):.1f}"


def report(result: Result) -> None:
    """Print one condition as rows of a Markdown table."""
    held = min(result.coverage.values()), statistics.mean(result.coverage.values())
    kept = min(result.averaged_coverage.values()), statistics.mean(result.averaged_coverage.values())
    print(
        f"| {result.label} | {result.blocks:.0f} | {result.milliseconds:.0f} | one draw | "
        + " | ".join(_error(result.single[name]) for name in MEASURES)
        + f" | {held[0]:.0%} / {held[1]:.0%} |"
    )
    print(
        f"| | | | {RUNS} draws | "
        + " | ".join(_error(result.averaged[name]) for name in MEASURES)
        + f" | {kept[0]:.0%} / {kept[1]:.0%} |",
        flush=True,
    )
    print(f"{result.label}: {result.why}; {result.methods}; {result.coverage}", file=sys.stderr)
