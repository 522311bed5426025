"""Every guard and every number of every alert is needed: without it a test of the alert fails.

For each mutant promtool runs the subject's tests, cut down to those that name the alert.
"""

from __future__ import annotations

import copy
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.alert_rules import groups
from exporter.alert_sources import Alerting
from exporter.thresholds import Severity, Thresholds
from programs import require
from promql import without_a_part
from shipped_alerts import ALERTING, RULES, SUBJECTS, TEST_FILES, Rule

# How far a number is moved: a test has to stand nearer to the edge than that, on both sides.
_MOVES = (0.75, 1.35)
_RULE_KEYS = ("for", "keep_firing_for")


@dataclass(frozen=True, slots=True)
class Mutant:
    """An alert with one mistake in it."""

    mistake: str
    severity: str
    changes: dict[str, str]


def group_of(subject: str, alerting: Alerting = ALERTING) -> dict[str, Any]:
    """Return the group of rules of a subject."""
    return next(dict(group) for each, group in groups(alerting) if each.name == subject)


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Yield the rule without each guard and comparison, without its wait, and with each number moved."""
    for removed, expression in without_a_part(rule.expr):
        yield Mutant(f"without `{removed}`", rule.severity, {"expr": expression})
    if rule.hold:
        yield Mutant(f"without for: {rule.hold}", rule.severity, {"for": "0s"})
    yield from _moved(rule)


def _moved(rule: Rule) -> Iterator[Mutant]:
    level = Severity(rule.severity)
    values = ALERTING.thresholds.alerts[rule.name][level]
    for name, value in values.items():
        if name in _RULE_KEYS:
            continue
        for factor in _MOVES:
            moved = _times(value, factor)
            expression = _with(rule, level, {**values, name: moved})
            # A window or an offset takes its number as it is written; those are not edges.
            if (
                expression != rule.expr
                and f"[{value}" not in rule.expr
                and f"offset {value}" not in rule.expr
            ):
                yield Mutant(f"{name} {moved} in place of {value}", rule.severity, {"expr": expression})


def _times(value: str, factor: float) -> str:
    """Return a number times a factor, a duration in seconds; a count moves by 1 at least."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    suffix = value[-1] if value[-1] in units else ""
    number = float(value.removesuffix(suffix)) * units.get(suffix, 1)
    moved = number * factor
    if not suffix and number.is_integer() and abs(moved - number) < 1:
        moved = number + (1 if factor > 1 else -1)
    return f"{round(moved)}s" if suffix else f"{moved:.10g}"


def _with(rule: Rule, level: Severity, values: dict[str, str]) -> str:
    thresholds = ALERTING.thresholds
    alerts = {**thresholds.alerts, rule.name: {**thresholds.alerts[rule.name], level: values}}
    changed = Alerting(
        ALERTING.subjects,
        Thresholds(thresholds.settings, alerts, thresholds.recordings, thresholds.overrides),
    )
    rules: list[dict[str, Any]] = group_of(rule.subject, changed)["rules"]
    return next(
        str(each["expr"])
        for each in rules
        if each.get("alert") == rule.name and each["labels"]["severity"] == level
    )


def cases_of(name: str) -> list[dict[str, Any]]:
    """Return the files of tests that name the alert, each cut down to what is about it."""
    found = []
    for file in TEST_FILES.values():
        if not any(SUBJECTS[name] in path for path in file["rule_files"]):
            continue
        groups_of_tests = []
        for group in file["tests"]:
            about = [each for each in group.get("alert_rule_test", ()) if each["alertname"] == name]
            if about:
                groups_of_tests.append({**group, "alert_rule_test": about} | {"promql_expr_test": []})
        if groups_of_tests:
            found.append({**file, "rule_files": ["rules.yml"], "tests": groups_of_tests})
    return found


def passes(folder: Path, rules: list[dict[str, Any]], tests: list[dict[str, Any]]) -> bool:
    """Return whether promtool finds nothing to say about these rules."""
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "mutant", "rules": rules}]}))
    files = []
    for number, test in enumerate(tests):
        files.append(folder / f"{number}.test.yml")
        files[-1].write_text(yaml.safe_dump(test))
    done = subprocess.run([require("promtool"), "test", "rules", *files], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_no_guard_and_no_number_can_go_unnoticed(tmp_path: Path, name: str) -> None:
    tests = cases_of(name)
    assert tests, f"no test in alerts/tests names {name}"
    rules = [
        rule for rule in group_of(SUBJECTS[name])["rules"] if "record" in rule or rule.get("alert") == name
    ]
    assert passes(tmp_path, rules, tests), f"the tests of {name} fail as they are"
    made = [mutant for rule in RULES if rule.name == name for mutant in mutants(rule)]

    def survives(number: int) -> bool:
        changed = copy.deepcopy(rules)
        for each in changed:
            if each.get("alert") == name and each["labels"]["severity"] == made[number].severity:
                each.update(made[number].changes)
        folder = tmp_path / str(number)
        folder.mkdir()
        return passes(folder, changed, tests)

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each waits for a program of its own
        found = list(pool.map(survives, range(len(made))))
    survivors = [
        f"{mutant.severity}: {mutant.mistake}" for mutant, lives in zip(made, found, strict=True) if lives
    ]
    assert survivors == [], "no test notices these mistakes"
