"""Owns what is done to expressions: putting in the filters of variables, finding their metrics."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dashboards.metrics import Metric, metrics

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[a-zA-Z_:][a-zA-Z0-9_:]*')
_SCRAPE_SECONDS = 15.0


def filtered(expr: str, variables: Collection[str]) -> str:
    """Return the expression with a matcher for each variable at each metric that has such a label."""
    done, position, depth = [], 0, 0
    for token in _TOKEN.finditer(expr):
        if token.start() < position:
            continue
        text = token[0]
        depth += {"{": 1, "}": -1}.get(text, 0)
        if depth or text not in metrics():
            continue
        rest = expr[token.end() :]
        own = rest[1 : rest.index("}")] if rest.startswith("{") else ""
        matchers = [each for each in _matchers(metrics()[text], variables) if _variable(each) not in own]
        done += [
            expr[position : token.start()],
            text,
            "{" + ",".join([*matchers, *([own] if own else [])]) + "}",
        ]
        position = token.end() + (len(own) + 2 if rest.startswith("{") else 0)
    return "".join([*done, expr[position:]])


def _matchers(metric: Metric, variables: Collection[str]) -> Iterator[str]:
    for name in variables:
        if metric.has(name) and not (name == "datname" and metric.labels is None):
            yield f'{name}=~"${name}{"|" if name in metric.partly else ""}"'


def _variable(matcher: str) -> str:
    """Return how the variable is written, so that a matcher of the author's own stands instead."""
    return matcher.split('"')[1].rstrip("|")


def named(expr: str) -> Iterator[Metric]:
    """Yield the known metrics that the expression reads."""
    depth = 0
    for token in _TOKEN.finditer(expr):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if not depth and token[0] in metrics():
            yield metrics()[token[0]]


def interval(exprs: Collection[str]) -> float:
    """Return the seconds between two different values of the slowest metric: a panel's shortest step."""
    return max([_SCRAPE_SECONDS, *(each.every or 0.0 for expr in exprs for each in named(expr))])
