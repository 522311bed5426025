"""Owns where panels are: a grid of 24 columns that is always full, and numbers that stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from zlib import crc32

COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of the grid."""

    x: int
    y: int
    width: int
    height: int


def places(sizes: Sequence[tuple[int, int]], top: int) -> Iterator[Place]:
    """Yield places for panels of (width, height), from left to right, below `top`.

    What a line has left over goes to its panels, one column each from the left, so that lines are full; all
    panels of a line are as high as the highest.
    """
    for line in _lines(sizes):
        height, spare = max(size[1] for size in line), COLUMNS - sum(size[0] for size in line)
        share, more = divmod(spare, len(line))
        x = 0
        for number, (width, _) in enumerate(line):
            wide = width + share + (number < more)
            yield Place(x, top, wide, height)
            x += wide
        top += height


def _lines(sizes: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield what goes on each line; equal panels that need several lines are shared out evenly."""
    line: list[tuple[int, int]] = []
    for size, equal in groupby(sizes):
        count = len(list(equal))
        needed = -(-count * size[0] // (COLUMNS // size[0] * size[0]))
        for number in range(count):
            full = sum(width for width, _ in line) + size[0] > COLUMNS
            if line and (full or (needed > 1 and _begins(number, count, needed))):
                yield line
                line = []
            line.append(size)
    if line:
        yield line


def _begins(number: int, count: int, lines: int) -> bool:
    """Whether the panel is the first of its line when `count` panels are shared out over `lines`."""
    return number * lines // count != (number - 1) * lines // count


def number(key: str) -> int:
    """Return a panel's number: the same as long as the key is, so that links to the panel stay right."""
    return crc32(key.encode()) % 900_000 + 100_000
