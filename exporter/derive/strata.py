"""Owns estimating totals of a table from some of its blocks, and how far off such an estimate may be.

A block is drawn whole, so the block, not the row, is the unit of all formulas: rows of one block were written
together and resemble each other. Neighbours in the draw make a stratum; a difference between distant parts of
the table (on a table only appended to: between ages) then adds nothing to the error.
Source: Cochran, Sampling Techniques, 3rd edition, 5.3 (strata), 5.4 (degrees of freedom), 8.10 (systematic).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

# Neighbours that make a stratum. Fewer follow the table more closely, more leave more degrees of freedom.
STRATUM = 4
# With fewer blocks than these holding such rows at all, the spread seen is not the spread there is.
ENOUGH_CARRIERS = 30
_Z = 1.959964
# Where few blocks hold much of a class, Student's interval comes short: measured, 93 of 100 instead of 95.
_SKEW = 1.15


@dataclass(frozen=True, slots=True)
class Drawn:
    """A block that was read: how many blocks of its part of the table it stands for, and its counts."""

    ring: int  # a part of the table with a rate of its own
    place: int  # the number of the block
    weight: float  # 1 = its whole part was read
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of rows, the variance of that estimate, and what the variance itself rests on.

    `carriers` counts the blocks that held any such row, `freedom` the degrees of freedom. `noise` is the
    variance of a single draw where the estimate is the average of several.
    """

    value: float
    variance: float = 0.0
    carriers: int = 0
    freedom: float = 1e9
    noise: float = 0.0

    @property
    def half_width(self) -> float:
        """Half of the interval that holds the truth in 95 of 100 draws; the same unit as the value."""
        return _SKEW * quantile(self.freedom) * sqrt(self.variance)

    def __add__(self, other: Estimate) -> Estimate:
        """Add independent estimates."""
        variance = self.variance + other.variance
        parts = self.variance**2 / self.freedom + other.variance**2 / other.freedom
        freedom = variance**2 / parts if parts else 1e9
        return Estimate(self.value + other.value, variance, self.carriers + other.carriers, freedom)


def certain_within(half_width: float) -> Estimate:
    """Return a correction of nothing whose interval is that wide."""
    return Estimate(0.0, (half_width / (_SKEW * _Z)) ** 2)


def quantile(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's t by the expansion of Cornish and Fisher; 1 % low at 3."""
    n = max(freedom, 2.0)
    z = _Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3


def strata(blocks: Iterable[Drawn]) -> tuple[tuple[Drawn, ...], ...]:
    """Group blocks into strata: neighbours of one ring, at least two each unless the ring has only one."""
    rings: dict[int, list[Drawn]] = {}
    for block in sorted(blocks, key=lambda block: (block.ring, block.place)):
        rings.setdefault(block.ring, []).append(block)
    return tuple(group for ring in rings.values() for group in _neighbours(ring))


def _neighbours(ring: Sequence[Drawn]) -> Iterator[tuple[Drawn, ...]]:
    full = max(1, len(ring) // STRATUM)
    for number in range(full):
        end = len(ring) if number == full - 1 else (number + 1) * STRATUM
        yield tuple(ring[number * STRATUM : end])


def total(groups: Sequence[Sequence[Drawn]], measure: Callable[[Sequence[int]], float]) -> Estimate:
    """Estimate the sum of `measure` of a block's counts over all blocks of the table.

    Exact, with no variance, for what was read whole. What no drawn block holds at all gets the bound of "the
    rule of three": with 95 % likelihood less than 3 blocks in the drawn number would have shown it.
    """
    found = _total(groups, measure)
    widest = max((group[0].weight for group in groups), default=1.0)
    if found.carriers or widest <= 1:
        return found
    return Estimate(0, (3 * widest / _Z) ** 2)


def _total(groups: Iterable[Sequence[Drawn]], measure: Callable[[Sequence[int]], float]) -> Estimate:
    value = variance = parts = 0.0
    carriers = 0
    for group in groups:
        values = [measure(block.counts) for block in group]
        weight = group[0].weight
        value += weight * sum(values)
        carriers += sum(1 for each in values if each)
        if weight > 1:
            spread = _spread(values, weight)
            variance += spread
            parts += spread**2 / max(1, len(values) - 1)
    return Estimate(value, variance, carriers, variance**2 / parts if parts else 1e9)


def _spread(values: Sequence[float], weight: float) -> float:
    """Return the variance of weight * sum(values); for a block alone that of being drawn by chance or not."""
    n = len(values)
    unread = weight**2 * (1 - 1 / weight)
    if n == 1:
        return unread * values[0] ** 2
    mean = sum(values) / n
    return unread * n * sum((each - mean) ** 2 for each in values) / (n - 1)


def ratio(
    groups: Sequence[Sequence[Drawn]],
    part: Callable[[Sequence[int]], float],
    whole: Callable[[Sequence[int]], float],
) -> Estimate | None:
    """Estimate sum(part) / sum(whole), or None when no block holds any of the whole.

    The variance is that of the residuals, which is right for large samples (Cochran 6.4).
    """
    above, below = total(groups, part), total(groups, whole)
    if not below.value:
        return None
    share = above.value / below.value
    residual = _total(groups, lambda counts: part(counts) - share * whole(counts))
    return Estimate(share, residual.variance / below.value**2, below.carriers, residual.freedom)
