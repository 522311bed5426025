"""Owns how sources and numbers become the rules that Prometheus loads; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.alert_sources import Alert, Alerting, Recording, Subject
from exporter.duration import parse_duration
from exporter.errors import ConfigError, Fault
from exporter.thresholds import Levels, Settings, Values

Rule = dict[str, object]

# A duration stays as it is in a range, as a step and behind `offset`; compared with seconds it is a number.
_PLACE = re.compile(r"(?P<range>\[|:|\boffset\s+-?)?\$(?P<name>[a-z_]+)")
_IN_TEXT = re.compile(r"\[\[([a-z_]+)\]\]")
_LONG_UNITS = {"w": 7, "y": 365}
# Parameters of the rule itself and not of its expression.
_HOLD = ("for", "keep_firing_for")
_DASHBOARD_VARIABLES = ("target", "datname")


@dataclass(frozen=True, slots=True)
class Scope:
    """For which targets one copy of an alert is: matchers, if not for all, and the levels for them."""

    matchers: tuple[str, ...]
    levels: Levels


def groups(alerting: Alerting) -> list[tuple[Subject, Rule]]:
    """Return each subject with its group of rules.

    Raises:
        ConfigError: a place in an expression has no number, or a number no place.
    """
    faults: list[Fault] = []
    made = [(subject, _group(subject, alerting, faults)) for subject in alerting.subjects]
    named = {alert.name for subject in alerting.subjects for alert in subject.alerts}
    faults.extend(
        Fault("thresholds.yml", f"alerts.{name}", "no alert has this name")
        for name in sorted(alerting.thresholds.alerts.keys() - named)
    )
    if faults:
        raise ConfigError(faults)
    return made


def _group(subject: Subject, alerting: Alerting, faults: list[Fault]) -> Rule:
    rules: list[Rule] = []
    for rule in subject.rules:
        try:
            rules.extend(
                [_recording(rule, alerting)] if isinstance(rule, Recording) else _alert_rules(rule, alerting)
            )
        except LookupError as error:
            faults.append(Fault(f"{subject.name}.yml", rule.name, str(error.args[0])))
    return {"name": f"pg-oauth-exporter-{subject.name}", "rules": rules}


def _recording(rule: Recording, alerting: Alerting) -> Rule:
    settings = alerting.thresholds.settings
    values = alerting.thresholds.recordings.get(rule.name, {})
    return {"record": rule.name, "expr": _filled(rule.expr, settings, (), values)}


def _alert_rules(alert: Alert, alerting: Alerting) -> Iterator[Rule]:
    settings = alerting.thresholds.settings
    for scope in scopes(alert.name, alerting):
        for severity, values in scope.levels.items():
            hold = {key: values[key] for key in _HOLD if key in values}
            rest = {key: value for key, value in values.items() if key not in _HOLD}
            yield {
                "alert": alert.name,
                "expr": _filled(alert.expr, settings, scope.matchers, rest),
                **hold,
                "labels": {"severity": str(severity), "team": alert.team},
                "annotations": _annotations(alert, settings, values),
            }


def scopes(name: str, alerting: Alerting) -> Iterator[Scope]:
    """Yield the copies of an alert: one for all other targets first, then one for each override.

    Raises:
        LookupError: the alert has no numbers at all.
    """
    thresholds = alerting.thresholds
    if name not in thresholds.alerts:
        raise LookupError("thresholds.yml has no numbers for it")
    overrides = [each for each in thresholds.overrides if name in each.alerts]
    taken: list[str] = []
    found = []
    for each in overrides:
        found.append(Scope((f'target=~"{each.target}"', *_not(taken)), each.alerts[name]))
        taken.append(each.target)
    yield Scope(_not(taken), thresholds.alerts[name])
    yield from found


def _not(targets: Iterable[str]) -> tuple[str, ...]:
    these = "|".join(targets)
    return (f'target!~"{these}"',) if these else ()


def _filled(expr: str, settings: Settings, matchers: Iterable[str], values: Values) -> str:
    used: set[str] = set()
    where = ",".join(filter(None, (settings.selector, *matchers)))
    job = ",".join((f'job="{settings.job}"', *matchers))

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        used.add(name)
        before = match["range"] or ""
        if name == "where":
            return f"{before}{where}"
        if name == "job":
            return f"{before}{job}"
        if name not in values:
            raise LookupError(f"no number for ${name}")
        return before + (values[name] if before else _number(values[name]))

    text = _PLACE.sub(value, expr)
    if unused := sorted(values.keys() - used):
        raise LookupError(f"a number that no place takes: {', '.join(unused)}")
    return re.sub(r"\{,?\}", "", text.replace(",}", "}"))


def _number(value: str) -> str:
    """Return a value as an expression compares it: a duration in seconds."""
    if value[-1].isdigit():
        return value
    if value[-1] in _LONG_UNITS:
        return f"{int(value[:-1]) * _LONG_UNITS[value[-1]] * 86400}"
    return f"{parse_duration(value):g}" if parse_duration(value) < 1 else f"{round(parse_duration(value))}"


def _annotations(alert: Alert, settings: Settings, values: Values) -> Mapping[str, str]:
    found = {"summary": alert.summary, "description": _text(alert.description, values)}
    if settings.runbooks:
        found["runbook_url"] = f"{settings.runbooks}/{alert.name}.md"
    if settings.dashboards and alert.dashboard:
        found["dashboard_url"] = f"{settings.dashboards}/d/{alert.dashboard}{_variables(alert)}"
    if settings.exporter and alert.evidence:
        found["evidence_url"] = f"{settings.exporter}/evidence/{{{{ $labels.target }}}}/{alert.evidence}"
    return found


def _text(description: str, values: Values) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise LookupError(f"no number for [[{match[1]}]]")
        return values[match[1]]

    return _IN_TEXT.sub(value, description)


def _variables(alert: Alert) -> str:
    """Return what tells a dashboard the target and the database; an alert about the exporter has none."""
    names = [name for name in _DASHBOARD_VARIABLES if name in ("target", *alert.labels)]
    if "instance" in alert.labels:
        names.remove("target")
    pairs = [f"var-{name}={{{{ $labels.{name} | urlquery }}}}" for name in names]
    return "?" + "&".join(pairs) if pairs else ""
