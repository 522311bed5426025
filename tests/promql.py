"""Owns looking into PromQL: which series an expression reads, and what is left without one of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import promql_parser
from promql_parser import AggregateExpr, BinaryExpr, Expr, MatrixSelector, VectorSelector

_SETS = ("and", "unless", "or")
_COMPARISONS = (">", ">=", "<", "<=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric that is read, and the labels by which its series are chosen."""

    metric: str
    labels: frozenset[str]


def nodes(expression: str) -> list[Expr]:
    """Return all parts of an expression, an outer one before its inner ones.

    Raises:
        ValueError: the text is no PromQL.
    """
    found: list[Expr] = []
    promql_parser.walk(promql_parser.parse(expression), found.append)
    return found


def selectors(expression: str) -> list[Selector]:
    """Return what an expression reads."""
    inner = [
        node.vector_selector if isinstance(node, MatrixSelector) else node
        for node in nodes(expression)
        if isinstance(node, MatrixSelector | VectorSelector)
    ]
    return [
        Selector(vector.name or "", frozenset(matcher.name for matcher in vector.matchers.matchers))
        for vector in inner
    ]


def labels(expression: str) -> set[str]:
    """Return the labels that an expression names outside of its selectors: in `by`, `on` and `group_left`."""
    found: set[str] = set()
    for node in nodes(expression):
        if isinstance(node, AggregateExpr) and node.modifier is not None:
            found.update(node.modifier.labels)
        if isinstance(node, BinaryExpr) and node.modifier is not None:
            if node.modifier.matching is not None:
                found.update(node.modifier.matching.labels)
            found.update(node.modifier.group_labels or ())
    return found


def without_a_part(expression: str) -> Iterator[tuple[str, str]]:
    """Yield what was removed and what is left: each guard, each alternative, each comparison in turn."""
    count = sum(isinstance(node, BinaryExpr) for node in nodes(expression))
    for number in range(count):
        for side in ("lhs", "rhs"):
            kept, removed = _cut(expression, number, side)
            if removed:
                yield removed, kept


def _cut(expression: str, number: int, side: str) -> tuple[str, str]:
    """Replace the binary expression of this number by one of its sides, where that side alone makes sense."""
    seen, removed = -1, ""

    def visit(node: Expr) -> Expr | None:
        nonlocal seen, removed
        if not isinstance(node, BinaryExpr):
            return None
        seen += 1
        if seen != number or not _is_cut(node, side):
            return None
        other = node.rhs if side == "lhs" else node.lhs
        removed = f"{node.op} {other}" if side == "lhs" else f"{other} {node.op}"
        kept: Expr = getattr(node, side)
        return kept

    pre: Callable[[Expr], Expr | None] = visit
    changed = promql_parser.transform(promql_parser.parse(expression), pre)
    return str(changed), removed


def _is_cut(node: BinaryExpr, side: str) -> bool:
    operator = str(node.op)
    if operator in _SETS:
        return side == "lhs" or operator == "or"
    is_filter = operator in _COMPARISONS and not (node.modifier and node.modifier.return_bool)
    return is_filter and side == "lhs"
