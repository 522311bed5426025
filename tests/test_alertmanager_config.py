"""Rules about alerts/alertmanager.yml as a file: valid, without secrets, with a route for all."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from alertmanager import SHIPPED
from exporter.demo import sidecars
from programs import require
from shipped_alerts import ALERTS, RULES

CONFIG: dict[str, Any] = yaml.safe_load(SHIPPED.read_text())
INHIBITIONS: list[dict[str, list[str]]] = CONFIG["inhibit_rules"]
ROUTED = [
    ({"team": "database", "severity": "critical"}, "database-oncall"),
    ({"team": "database", "severity": "warning"}, "database-tickets"),
    ({"team": "database", "severity": "info"}, "nobody"),
    ({"team": "security", "severity": "critical"}, "security-oncall"),
    ({"team": "security", "severity": "warning"}, "security-tickets,security-chat"),
    ({"team": "security", "severity": "info"}, "nobody"),
    ({"alertname": "PgOauthExporterWatchdog", "team": "database", "severity": "none"}, "heartbeat"),
    ({"team": "payments", "severity": "critical"}, "database-oncall"),
    ({"team": "payments", "severity": "warning"}, "database-tickets"),
    ({"severity": "critical"}, "database-oncall"),
    ({"alertname": "SomebodyElses"}, "database-tickets"),
]


def amtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = require("amtool")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_the_configuration_and_its_templates_are_valid() -> None:
    done = amtool("check-config", SHIPPED)
    assert done.returncode == 0, done.stderr
    assert " - 1 templates\n" in done.stdout


def test_the_routes_without_receivers_that_the_demo_takes_are_valid(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text(sidecars.silent(CONFIG))
    done = amtool("check-config", tmp_path / "alertmanager.yml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("labels", "receivers"), ROUTED, ids=str)
def test_every_severity_of_every_team_has_its_receiver(labels: dict[str, str], receivers: str) -> None:
    given = [f"{name}={value}" for name, value in labels.items()]
    done = amtool(
        "config", "routes", "test", f"--config.file={SHIPPED}", f"--verify.receivers={receivers}", *given
    )
    assert (done.returncode, done.stdout.strip()) == (0, receivers), done.stderr


def test_every_severity_and_team_of_our_alerts_is_among_those_whose_route_is_tested() -> None:
    tested = {(labels.get("team"), labels.get("severity")) for labels, _ in ROUTED}
    assert {(ALERTS[rule.name].team, rule.severity) for rule in RULES} <= tested


def test_every_address_is_an_example_and_every_secret_a_file() -> None:
    text = "\n".join(line.split("#")[0] for line in SHIPPED.read_text().splitlines())
    hosts = re.findall(r"(?:://|@|smarthost: )([\w.-]+)", text)
    assert hosts
    assert [host for host in hosts if not host.endswith("example.invalid")] == []
    secrets = re.findall(r"^\s*- ?(\w*(?:password|key|token|credentials|api_url)\w*):", text, re.MULTILINE)
    secrets += re.findall(r"^\s*(\w*(?:password|key|token|credentials|api_url)\w*):", text, re.MULTILINE)
    assert len(secrets) > 3
    assert [name for name in secrets if not name.endswith("_file")] == []


def test_every_matcher_is_quoted_as_newer_versions_demand() -> None:
    found = [
        *_matchers(CONFIG["route"]),
        *(each for rule in INHIBITIONS for side in _sides(rule) for each in side),
    ]
    assert len(found) > 10
    assert [each for each in found if not re.fullmatch(r'\w+(=|!=|=~|!~)"[^"\\]*"', each)] == []


def _matchers(route: dict[str, Any]) -> Iterator[str]:
    yield from route.get("matchers", [])
    for below in route.get("routes", []):
        yield from _matchers(below)


def _sides(rule: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    return rule["source_matchers"], rule["target_matchers"]


def intervals(route: dict[str, Any], above: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield each receiver with the seconds at which it is looked after and after which it is told again."""
    merged = {**above, **route}
    seconds = {"s": 1, "m": 60, "h": 3600}
    values = (merged[key] for key in ("group_interval", "repeat_interval"))
    look, again = (int(value[:-1]) * seconds[value[-1]] for value in values)
    yield route["receiver"], look, again
    for below in route.get("routes", []):
        yield from intervals(below, merged)


def test_who_has_to_act_now_is_told_again_each_hour_and_everybody_else_twice_a_day() -> None:
    told = {receiver: again for receiver, _, again in intervals(CONFIG["route"], {})}
    assert told.pop("heartbeat") == 60
    assert {receiver: again // 3600 for receiver, again in told.items()} == {
        receiver: 1 if receiver.endswith("oncall") else 12 for receiver in told
    }


def test_a_repetition_is_a_multiple_of_the_interval_at_which_it_is_looked_at() -> None:
    assert [each for each in intervals(CONFIG["route"], {}) if each[2] % each[1]] == []


# Inhibition


def matches(matchers: list[str], labels: Mapping[str, str]) -> bool:
    """Whether an alert has what all matchers ask for; a label that is missing is empty."""
    tests: dict[str, Callable[[str, str], bool]] = {
        "=": lambda value, wanted: value == wanted,
        "!=": lambda value, wanted: value != wanted,
        "=~": lambda value, wanted: bool(re.fullmatch(wanted, value)),
        "!~": lambda value, wanted: not re.fullmatch(wanted, value),
    }
    parts = (re.fullmatch(r'(\w+)(=~|!~|!=|=)"(.*)"', each) for each in matchers)
    return all(part and tests[part[2]](labels.get(part[1], ""), part[3]) for part in parts)


def shipped_labels() -> Iterator[dict[str, str]]:
    """Yield labels of each alert of ours as Alertmanager sees them, one of each that it may have."""
    for rule in RULES:
        alert = ALERTS[rule.name]
        where = dict.fromkeys(("job", "target", *alert.labels), "x")
        yield {**where, "alertname": rule.name, "severity": rule.severity, "team": alert.team}


@pytest.mark.parametrize("rule", INHIBITIONS, ids=lambda rule: rule["source_matchers"][0])
def test_an_inhibition_compares_labels_that_both_sides_are_sure_to_have(rule: dict[str, list[str]]) -> None:
    for side in _sides(rule):
        sure = {each.split("=~")[0] for each in side if each.endswith('=~".+"')}
        assert sure >= {"job"}
        assert sure & {"target", "instance"}
        assert sure <= set(rule["equal"])


@pytest.mark.parametrize("rule", INHIBITIONS, ids=lambda rule: rule["source_matchers"][0])
def test_an_inhibition_knows_our_alerts_and_none_is_on_both_of_its_sides(rule: dict[str, list[str]]) -> None:
    source, target = _sides(rule)
    alerts = list(shipped_labels())
    assert [each for each in alerts if matches(source, each) and matches(target, each)] == []
    assert any(matches(source, each) for each in alerts)
    assert any(matches(target, each) for each in alerts)


def test_of_an_alert_with_two_levels_the_worse_mutes_the_milder_only_about_the_same_thing() -> None:
    [same] = [rule for rule in INHIBITIONS if 'severity="critical"' in rule["source_matchers"]]
    levels = {name: {rule.severity for rule in RULES if rule.name == name} for name in ALERTS}
    things = {label for name in ALERTS if len(levels[name]) > 1 for label in ALERTS[name].labels}
    assert things <= set(same["equal"]), "alerts/alertmanager.yml: add these to `equal` of the first rule"


def test_nothing_mutes_the_watchdog() -> None:
    watchdog = {"alertname": "PgOauthExporterWatchdog", "severity": "none", "team": "database"}
    labels = watchdog | {"job": "x", "target": "x", "instance": "x"}
    assert [rule for rule in INHIBITIONS if matches(rule["target_matchers"], labels)] == []
