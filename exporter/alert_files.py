"""Owns the texts made from the rules: for Prometheus, for Kubernetes, the page of all alerts; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import cast

import yaml

from exporter import __version__
from exporter.alert_rules import Rule, groups
from exporter.alert_sources import Alert, Alerting, Subject
from exporter.thresholds import Severity, Values

_TOP = """\
# {help}
# Made by `pg-oauth-exporter alerts --rules`: edit alerts/sources/{name}.yml or alerts/thresholds.yml instead.
"""

_OPERATOR_TOP = """\
# Made by `pg-oauth-exporter alerts --kubernetes`; kube-prometheus-stack asks for its `release` label.
"""

_PAGE = """\
# Alerts

<!-- Made by `make docs`, which prints `pg-oauth-exporter alerts --markdown`. Edit alerts/ instead. -->

Every alert by subject, with the expression that fires by default. All numbers stand in
[alerts/thresholds.yml](../alerts/thresholds.yml); [how to change them](alerting.md) needs no edit of a rule.
*Tests* are promtool's, under `alerts/tests`. *Seen* says whether the end-to-end suite causes the condition on
a real server and sees the notification arrive and go again.
"""


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as it is read, and never an alias."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's own signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def rule_files(alerting: Alerting) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file of rules."""
    for subject, group in groups(alerting):
        top = _TOP.format(help=subject.help, name=subject.name)
        yield f"{subject.name}.rules.yml", top + _dump({"groups": [group]})


def prometheus_rule(alerting: Alerting) -> str:
    """Return the rules as an object for the Prometheus operator."""
    labels = {
        "app.kubernetes.io/name": "pg-oauth-exporter",
        "app.kubernetes.io/component": "alert-rules",
        "app.kubernetes.io/part-of": "pg-oauth-exporter",
        "app.kubernetes.io/version": __version__,
        "prometheus": "k8s",
        "role": "alert-rules",
    }
    return _OPERATOR_TOP + _dump(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "pg-oauth-exporter", "labels": labels},
            "spec": {"groups": [group for _, group in groups(alerting)]},
        }
    )


def _dump(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    return text


def page(alerting: Alerting, tests: Mapping[str, Collection[str]], seen: Collection[str]) -> Iterator[str]:
    """Yield the lines of the page; `tests` are the files that name an alert, `seen` those seen end to end."""
    yield from _PAGE.splitlines()
    for subject, group in groups(alerting):
        yield ""
        yield f"## {subject.name}"
        yield ""
        yield subject.help
        yield ""
        yield "| alert | severity | fires when | numbers | tests | seen |"
        yield "|---|---|---|---|---|---|"
        rules = cast("list[Rule]", group["rules"])
        for alert in subject.alerts:
            is_seen = "yes" if alert.name in seen else ""
            yield from _rows(alert, rules, alerting, sorted(tests.get(alert.name, ())), is_seen)
        yield from _recordings(rules)


def _rows(alert: Alert, rules: list[Rule], alerting: Alerting, tests: list[str], seen: str) -> Iterator[str]:
    for rule in rules:
        if rule.get("alert") != alert.name:
            continue
        severity = Severity(cast("dict[str, str]", rule["labels"])["severity"])
        numbers = _numbers(alerting.thresholds.alerts[alert.name][severity])
        link = f"[{alert.name}](../alerts/runbooks/{alert.name}.md)"
        files = ", ".join(tests) or "none"
        cells = (link, str(severity), _code(rule["expr"]), numbers, files, seen)
        yield f"| {' | '.join(cells)} |"


def _recordings(rules: list[Rule]) -> Iterator[str]:
    made = [rule for rule in rules if "record" in rule]
    if made:
        yield ""
        yield "| recorded | is |"
        yield "|---|---|"
    for rule in made:
        yield f"| `{rule['record']}` | {_code(rule['expr'])} |"


def _code(expr: object) -> str:
    lines = (line.split(" # ")[0].strip() for line in str(expr).splitlines())
    return (
        "`" + " ".join(line for line in lines if line and not line.startswith("#")).replace("|", "\\|") + "`"
    )


def _numbers(values: Values) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def subjects_of(alerting: Alerting) -> Iterator[tuple[Subject, Alert, Severity, Values]]:
    """Yield every alert with each of its levels."""
    for subject in alerting.subjects:
        for alert in subject.alerts:
            for severity, values in alerting.thresholds.alerts.get(alert.name, {}).items():
                yield subject, alert, severity, values
