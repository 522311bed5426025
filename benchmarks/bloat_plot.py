"""Owns the plot of estimates against the truth, as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SIDE, _MARGIN = 420, 46


@dataclass(frozen=True)
class Point:
    """One table or index: what a rewrite gave back, what we said, what another estimate said; shares of 1."""

    true: float
    ours: float
    other: float


def plot(points: Iterable[Point], truth: str, name: str) -> str:
    """Return an SVG with the truth to the right and estimates upwards; `name` is that of ours."""
    return "\n".join(_lines(list(points), truth, name)) + "\n"


def _lines(points: list[Point], truth: str, name: str) -> Iterator[str]:
    size = _SIDE + 2 * _MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"'
    yield ' font-family="sans-serif" font-size="12">'
    yield f'<rect width="{size}" height="{size}" fill="#ffffff"/>'
    (x0, y0), (x1, y1) = _at(0, 0), _at(1, 1)
    for step in range(0, 101, 20):
        x, y = _at(step / 100, step / 100)
        yield f'<path d="M{x:.1f} {y0}V{y1}M{x0} {y:.1f}H{x1}" stroke="#dddddd"/>'
        yield f'<text x="{x:.1f}" y="{y0 + 16}" text-anchor="middle">{step}</text>'
        yield f'<text x="{_MARGIN - 8}" y="{y + 4:.1f}" text-anchor="end">{step}</text>'
    yield f'<path d="M{x0} {y0}L{x1} {y1}" stroke="#888888"/>'
    for point in points:
        x, y = _at(point.true, point.other)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="none" stroke="#d55e00"/>'
    for point in points:
        x, y = _at(point.true, point.ours)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#0072b2"/>'
    yield f'<text x="{size / 2}" y="{size - 8}" text-anchor="middle">given back by {truth}</text>'
    yield f'<text transform="translate(14 {size / 2}) rotate(-90)" text-anchor="middle">estimate, %</text>'
    yield f'<circle cx="{_MARGIN + 18}" cy="{_MARGIN + 16}" r="2.5" fill="#0072b2"/>'
    yield f'<text x="{_MARGIN + 28}" y="{_MARGIN + 20}">{name}</text>'
    yield f'<circle cx="{_MARGIN + 18}" cy="{_MARGIN + 34}" r="3.5" fill="none" stroke="#d55e00"/>'
    yield f'<text x="{_MARGIN + 28}" y="{_MARGIN + 38}">pgsql-bloat-estimation</text>'
    yield "</svg>"


def _at(x: float, y: float) -> tuple[float, float]:
    return _MARGIN + _SIDE * x, _MARGIN + _SIDE * (1 - y)
