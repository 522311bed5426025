"""Owns how an alert becomes a panel: its expression without the comparison, its limits as lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard, cast

import promql_parser
from promql_parser import BinaryExpr, Expr, NumberLiteral, ParenExpr

from dashboards.expression import filtered
from dashboards.metrics import RULES
from dashboards.model import GREEN, GREY, ORANGE, RED, Graph, Query, Row
from exporter.alert_rules import groups
from exporter.alert_sources import Alert, Alerting, Subject, load

Rule = Mapping[str, Any]

_COLOURS = {"critical": RED, "warning": ORANGE, "info": ORANGE, "none": GREEN}
_UNITS = {"humanizePercentage": "percentunit", "humanizeDuration": "s", "humanize1024": "bytes"}
# Beside a label that is long enough, these need not stand in a legend.
_SPARED = {
    "schemaname": ("schemaname", "datname", "attname", "covered_by"),
    "indexrelname": ("relname",),
    "sequencename": ("relname",),
    "queryid": ("datname", "user"),
}
_ABOVE, _BELOW = (">", ">="), ("<", "<=")
_COMPARISONS = (*_ABOVE, *_BELOW, "==", "!=")
_RATE = re.compile(r"\brate\(([^()\[\]]*)\[(\w+)\]((?: offset \w+)?)\)")
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class Parts:
    """What can be drawn of a condition: numbers, the operator of the first, other sides to compare with."""

    values: tuple[str, ...]
    operator: str = ""
    limit: float | None = None
    others: tuple[str, ...] = ()


def rows() -> Iterator[Row]:
    """Yield a folded row for each subject, with a panel for each of its alerts."""
    alerting = _alerting()
    for subject, group in groups(alerting):
        rules = cast("Sequence[Rule]", group["rules"])
        panels = tuple(_panel(alert, rules, alerting) for alert in subject.alerts)
        yield Row(f"{_title(subject)}: how far from firing is each alert?", panels, folded=True)


def _alerting() -> Alerting:
    """Return what is shipped, without the selectors that the variables stand in for."""
    alerting = load(RULES)
    settings = replace(alerting.thresholds.settings, selector="", job="$job")
    return replace(alerting, thresholds=replace(alerting.thresholds, settings=settings))


def _title(subject: Subject) -> str:
    return {"wal": "WAL and replication"}.get(subject.name, subject.name.replace("-", " ").capitalize())


def _panel(alert: Alert, rules: Sequence[Rule], alerting: Alerting) -> Graph:
    own = [rule for rule in rules if rule.get("alert") == alert.name]
    levels = {_severity(rule): rule for rule in own}
    cut = {severity: parts(_text(rule)) for severity, rule in levels.items()}
    first = next(iter(cut.values()))
    unit = re.search(r"\$value \| (\w+)", alert.description)
    return Graph(
        title=alert.name,
        what=f"{alert.summary} {_when(levels, cut)}\n\n```\n{_text(next(iter(levels.values())))}\n```",
        good=_good(first),
        do=f"Follow the [runbook]({alerting.thresholds.settings.runbooks}/{alert.name}.md).",
        unit=_UNITS.get(unit[1] if unit else "", "short"),
        empty="nothing it applies to" if first.operator else "does not fire",
        width=8,
        least=None if " - " in first.values[0] else 0,
        queries=(
            *(Query(_drawn(value), _legend(alert)) for value in first.values),
            *(
                Query(_drawn(other), f"{_legend(alert)} limit", dashed=True, colour="text")
                for other in first.others
            ),
            *_limits(cut, _drawn(first.values[0])),
        ),
    )


def _severity(rule: Rule) -> str:
    return str(rule["labels"]["severity"])


def _text(rule: Rule) -> str:
    return str(rule["expr"]).replace('job="$job"', 'job=~"$job"')


def _legend(alert: Alert) -> str:
    """Return the labels that tell its series apart, without those that would only push the numbers away."""
    names = alert.labels if "instance" in alert.labels else ("target", *alert.labels)
    spared = {name for long, others in _SPARED.items() if long in names for name in others}
    return " ".join(f"{{{{{name}}}}}" for name in names if name not in spared)


def _when(levels: Mapping[str, Rule], cut: Mapping[str, Parts]) -> str:
    """Return in words from which number on, and after which time, it fires."""
    said = []
    for severity, rule in levels.items():
        part, wait = cut[severity], rule.get("for", "")
        limit = "" if part.limit is None else f" when it is {part.operator} {part.limit:.10g}"
        said.append(f"{severity}{limit}{f' for {wait}' if wait else ''}")
    return f"Fires as {', as '.join(said)}; the whole condition:"


def _good(part: Parts) -> str:
    if part.limit is None and not part.others:
        return "No line at all, or one that you know of."
    return "Above the dashed lines." if _falls(part) else "Below the dashed lines."


def _falls(part: Parts) -> bool:
    return part.operator in _BELOW or (part.operator == "==" and part.limit == 0)


def _limits(cut: Mapping[str, Parts], value: str) -> Iterator[Query]:
    """Yield a line for each severity, where there is a number to compare with it.

    A number beside which others have to be exceeded is but a floor.
    """
    for severity, part in cut.items():
        if part.limit is not None:
            legend, colour = ("floor", GREY) if part.others else (severity, _COLOURS[severity])
            yield Query(f"0 * count({value}) + {_line(part):.10g}", legend, dashed=True, colour=colour)


def _line(part: Parts) -> float:
    """Return where it begins to fire: `> 0` is met from 1 on, and `== 0` below 1."""
    limit = part.limit or 0.0
    if part.operator == "==":
        return limit or 0.5
    return 1.0 if part.operator == ">" and limit == 0 else limit


def parts(condition: str) -> Parts:
    """Return what can be drawn of a condition in PromQL."""
    values, operator, limit, others = [], "", None, []
    for whole, first, more in _alternatives(promql_parser.parse(condition)):
        # What is true most of the time, or is no comparison, says nothing without what else has to hold.
        if not _compares(first) or (str(first.op) == "==" and more):
            values.append(str(whole))
            continue
        value = str(first.lhs)
        values.append(value)
        operator = operator or str(first.op)
        same = [each for each in more if _compares(each) and str(each.lhs) == value]
        for each in (first, *same):
            number = _number(each.rhs)
            if number is None:
                others.append(str(each.rhs))
            elif limit is None:
                operator, limit = str(each.op), number
    return Parts(tuple(dict.fromkeys(values)), operator, limit, tuple(dict.fromkeys(others)))


def _alternatives(node: Expr) -> Iterator[tuple[Expr, Expr, Sequence[Expr]]]:
    """Yield each operand of `or`: the whole of it, what comes first in it, and what else has to hold."""
    either = _split(node, ("or",))
    if len(either) > 1:
        for each in either:
            yield from _alternatives(each)
        return
    first, *more = _split(node, ("and", "unless"))
    if len(_split(first, ("or",))) > 1:
        yield from _alternatives(first)
    else:
        yield node, first, more


def _split(node: Expr, operators: Sequence[str]) -> list[Expr]:
    """Return the operands of a chain of set operators, without parentheses around them."""
    while isinstance(node, ParenExpr):
        node = node.expr
    if isinstance(node, BinaryExpr) and str(node.op) in operators:
        return [*_split(node.lhs, operators), *_split(node.rhs, operators)]
    return [node]


def _compares(node: Expr) -> TypeGuard[BinaryExpr]:
    if not isinstance(node, BinaryExpr) or str(node.op) not in _COMPARISONS:
        return False
    return not (node.modifier and node.modifier.return_bool)


def _number(node: Expr) -> float | None:
    """Return the value of what is a number, or a product of numbers."""
    while isinstance(node, ParenExpr):
        node = node.expr
    if isinstance(node, NumberLiteral):
        return float(node.val)
    if isinstance(node, BinaryExpr) and str(node.op) == "*":
        factors = (_number(node.lhs), _number(node.rhs))
        if factors[0] is not None and factors[1] is not None:
            return factors[0] * factors[1]
    return None


def _drawn(expr: str) -> str:
    """Return an expression as a panel may ask it: also what is of no database, over the alert's own windows."""
    # A rate of a panel is over the panel's window; that of an alert is an increase over a time of its own.
    text = _RATE.sub(lambda found: f"(increase({found[1]}[{found[2]}]{found[3]}) / {_span(found[2])})", expr)
    return filtered(text, ("datname",)).replace('"$datname"', '"$datname|"')


def _span(duration: str) -> int:
    return sum(int(count) * _SECONDS[unit] for count, unit in re.findall(r"(\d+)([wdhms])", duration))
