"""Owns how large the tuples of a B-tree are and how many rows share a key, by the statistics of columns.

PostgreSQL 13 to 18: index_form_tuple() in access/common/indextuple.c, MAXALIGN of 8 bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, log2

_HEADER = 8
_NULL_BITMAP = 8  # 4 bytes for up to 32 columns, and the padding behind them
_SHORT = 127  # bytes of a value with a header of one byte at most, the header included
_RESIDUES = 8
_FEW = 1e-4  # of the rows: if fewer have other than the most common values, none has
_PATTERNS = 16  # combinations of nulls that are told apart
_LEAST = 1e-15  # of the rows
_SINGLE = 1e-6  # rows for each possible value: so low that two rows practically never meet


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of an index, with statistics. Fractions are of all rows.

    `length` is the type's, -1 for varlena and -2 for cstring; `width` is what a value takes as it is
    stored, on average and cut to an integer, as ANALYZE does. `residues` are the shares of values stored in
    a multiple of 8 bytes, in one more, and so on; None when that is not known. `distinct` counts the values
    that are not null.
    """

    length: int
    alignment: int
    width: int
    null_fraction: float = 0.0
    distinct: float = 0.0
    frequencies: tuple[float, ...] = ()
    residues: tuple[float, ...] | None = None
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Values:
    """So many possible keys, each of which one row has with the probability `share`."""

    count: float
    share: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """Rows whose null columns are the same: their share, the sizes of their tuples, and their keys.

    Where the first column is null, the rows stand apart: at one end of the index.
    """

    share: float
    stands_apart: bool
    sizes: Mapping[int, float]
    values: tuple[Values, ...]


def aligned(size: int, alignment: int = 8) -> int:
    """Return the next multiple of the alignment."""
    return -(-size // alignment) * alignment


def patterns(columns: Sequence[KeyColumn], rows: float) -> Iterator[Pattern]:
    """Yield the usual combinations of null columns, as if columns were null independently of each other.

    `rows` is how many the table had when `distinct` and `frequencies` were true.
    """
    found: list[tuple[tuple[KeyColumn, ...], float]] = [((), 1.0)]
    for column in columns:
        nulls = min(1.0, max(0.0, column.null_fraction))
        there = [((*present, column), share * (1 - nulls)) for present, share in found]
        missing = [(present, share * nulls) for present, share in found]
        found = sorted((one for one in there + missing if one[1] > 0), key=lambda one: -one[1])[:_PATTERNS]
    total = sum(share for _, share in found)
    for present, share in found:
        sizes = tuple_sizes(present, has_nulls=len(present) < len(columns))
        apart = not (present and present[0] is columns[0])
        yield Pattern(share / total, apart, sizes, joint_values(present, rows))


def tuple_sizes(present: Sequence[KeyColumn], *, has_nulls: bool) -> dict[int, float]:
    """Return the sizes of a tuple with these values and their probabilities; line pointer left out."""
    offsets: dict[int, float] = {0: 1.0}
    for column in present:
        following: defaultdict[int, float] = defaultdict(float)
        lengths = stored_lengths(column)
        for offset, probability in offsets.items():
            for length, fraction in lengths.items():
                start = aligned(offset, column.alignment) if _is_aligned(column, length) else offset
                following[start + length] += probability * fraction
        offsets = following
    header = _HEADER + (_NULL_BITMAP if has_nulls else 0)
    sizes: defaultdict[int, float] = defaultdict(float)
    for offset, probability in offsets.items():
        sizes[aligned(header + offset)] += probability
    return dict(sizes)


def stored_lengths(column: KeyColumn) -> dict[int, float]:
    """Return the lengths that values have, each with its probability.

    Only the average is known, and with luck the residues. Sizes are rounded up to a multiple of 8, so eight
    lengths around the average stand for all.
    """
    if column.length > 0:
        return {column.length: 1.0}
    lengths: defaultdict[int, float] = defaultdict(float)
    for length in range(column.width - 3, column.width + 5):
        fraction = column.residues[length % _RESIDUES] if column.residues else 1 / _RESIDUES
        if fraction > 0:
            lengths[max(1, length)] += fraction
    return dict(lengths)


def joint_values(columns: Sequence[KeyColumn], rows: float) -> tuple[Values, ...]:
    """Return the keys that rows without a null in these columns can have, as if columns were independent."""
    joint: tuple[Values, ...] = (Values(1.0, 1.0),)
    for column in columns:
        joint = _merged(_joined(one, other) for one in joint for other in _values(column, rows))
    return joint


def prefix_distinct(columns: Sequence[KeyColumn], rows: float) -> float:
    """Return how many keys so many rows have."""
    joint = joint_values(columns, rows)
    return sum(one.count * (1 - exp(-rows * one.share)) for one in joint)


def _joined(one: Values, other: Values) -> Values:
    """Return pairs of values; how many they are makes no difference where no two rows have the same."""
    share = max(one.share * other.share, _LEAST)
    return Values(one.count * one.share * other.count * other.share / share, share)


def _is_aligned(column: KeyColumn, length: int) -> bool:
    if column.length == -1:
        return column.is_plain or length > _SHORT
    return True


def _values(column: KeyColumn, rows: float) -> tuple[Values, ...]:
    """Return a column's values: the most common ones, and the others as if all were equally common.

    What is left of the rows once they are spread over the others by chance gives `distinct` different ones.
    """
    present = max(1e-9, 1 - column.null_fraction)
    common = [frequency / present for frequency in column.frequencies if frequency > 0]
    rest = 1 - sum(common)
    left = column.distinct - len(common)
    if rest <= _FEW or left < 1:
        whole = sum(common)
        return _merged(Values(1, share / whole) for share in common) if common else (Values(1.0, 1.0),)
    rate = _rate(max(1.0, rest * present * rows / left))
    others = Values(rest * present * rows / rate, rate / (present * rows))
    return _merged((*(Values(1, share) for share in common), others))


def _rate(mean: float) -> float:
    """Return the rate of a Poisson distribution whose mean is this when 0 is left out."""
    low, high = _SINGLE, mean
    if mean <= 1 + _SINGLE:
        return _SINGLE
    for _ in range(40):
        middle = (low + high) / 2
        if middle < mean * (1 - exp(-middle)):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _merged(values: Iterator[Values] | Sequence[Values]) -> tuple[Values, ...]:
    """Join values that are about equally common, within a factor of the square root of 2."""
    counts: defaultdict[int, float] = defaultdict(float)
    shares: defaultdict[int, float] = defaultdict(float)
    for one in values:
        place = floor(2 * log2(one.share))
        counts[place] += one.count
        shares[place] += one.count * one.share
    return tuple(Values(counts[place], shares[place] / counts[place]) for place in sorted(counts))
