"""Owns how many pages a heap would have if it were written anew: arithmetic over catalogue facts, pure.

Sizes are in bytes. What is said about rows and pages holds for PostgreSQL 13 to 18 with 8-byte alignment:
the chapter "Database Page Layout" of its manual, src/backend/access/common/heaptuple.c, and, for how
VACUUM FULL fills pages, raw_heap_insert() in src/backend/access/heap/rewriteheap.c.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAXALIGN = 8
PAGE_HEADER = 24
ITEM = 4  # a line pointer
_HEADER = 23  # of a row; a bitmap of NULLs comes after it
_LONGEST_SHORT = 127  # bytes stored with a header of one byte, which needs no alignment
_POINTER = 18  # bytes that are left in the row of a value out of line
_CERTAIN = 0.999

# Chunks of a value out of line: four to a page, less two headers (TOAST_MAX_CHUNK_SIZE in heaptoast.h).
CHUNKS_PER_PAGE = 4


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column as rows hold it.

    `length` is in bytes, negative when it varies; `align` 1, 2, 4 or 8; `width` the mean stored size of
    values that are not NULL, in whole bytes, cut off, None where ANALYZE has seen none. `residues` are the
    shares of values stored in a multiple of 8 bytes, in one more, and so on; empty where that is not known.
    """

    length: int
    align: int
    null: float
    width: int | None = None
    residues: tuple[float, ...] = ()
    is_packed: bool = True  # may have a header of one byte
    is_constant: bool = False  # of varying length by type, and of one length in practice
    may_be_out: bool = False  # the table has values out of line, and this column may have some


@dataclass(frozen=True, slots=True)
class RowSize:
    """The mean size of a row on a page, line pointer included, its variance, and whether all are alike."""

    mean: float
    variance: float
    is_constant: bool


class _Offsets:
    """The chances that a row's data so far end at each offset modulo 8, with first and second moments."""

    def __init__(self) -> None:
        self.chance = [1.0] + [0.0] * 7
        self.first = [0.0] * 8
        self.second = [0.0] * 8

    def grown(self, attribute: Attribute, width: float, shares: Sequence[float]) -> _Offsets:
        """Return the state after a value that is there; `shares` by width modulo 8."""
        after = _Offsets()
        after.chance = [0.0] * 8
        align = _alignment(attribute)
        for offset, chance in enumerate(self.chance):
            if chance:
                pad = -offset % align
                for residue, share in enumerate(shares):
                    if share:
                        after._take(self, offset, pad + width, (offset + pad + residue) % 8, share)
        return after

    def mixed(self, other: _Offsets, weight: float) -> _Offsets:
        """Return this state with chance `weight`, and otherwise `other`."""
        both = _Offsets()
        for name in ("chance", "first", "second"):
            pairs = zip(getattr(self, name), getattr(other, name), strict=True)
            setattr(both, name, [weight * mine + (1 - weight) * its for mine, its in pairs])
        return both

    def ended(self) -> _Offsets:
        """Return the state after the padding at the end of a row."""
        after = _Offsets()
        after.chance = [0.0] * 8
        for offset in range(8):
            after._take(self, offset, -offset % MAXALIGN, 0, 1.0)
        return after

    def _take(self, source: _Offsets, offset: int, more: float, into: int, share: float) -> None:
        chance, first, second = source.chance[offset], source.first[offset], source.second[offset]
        self.chance[into] += share * chance
        self.first[into] += share * (first + more * chance)
        self.second[into] += share * (second + 2 * more * first + more * more * chance)


def _alignment(attribute: Attribute) -> int:
    if attribute.length > 0:
        return attribute.align
    is_short = attribute.is_packed and (attribute.width or 0) <= _LONGEST_SHORT
    return 1 if is_short or attribute.length == -2 else attribute.align  # noqa: PLR2004 - a C string


def row_size(attributes: Iterable[Attribute]) -> RowSize:
    """Return the size of rows with these columns, in the order of rows, dropped ones included.

    Where a value ends decides how much padding the next one needs. So what is walked is not a mean offset but
    the chance of each offset modulo 8; a NULL leaves it where it is. NULLs of different columns are taken to
    be independent.
    """
    columns = tuple(attributes)
    state = _Offsets()
    full = math.prod(1 - column.null for column in columns)
    is_constant = full in {0.0, 1.0}
    for column in columns:
        if column.null >= 1:
            continue
        width, shares, is_alike = _width(column)
        is_constant = is_constant and is_alike and column.null == 0
        state = state.mixed(state.grown(column, width, shares), column.null)
    state = state.ended()
    plain = _aligned(_HEADER)
    bitmap = _aligned(_HEADER + (len(columns) + 7) // 8) - plain
    header = ITEM + plain + (1 - full) * bitmap
    data, square = math.fsum(state.first), math.fsum(state.second)
    variance = max(0.0, square - data * data) + full * (1 - full) * bitmap * bitmap
    return RowSize(header + data, variance, is_constant and bitmap * full * (1 - full) == 0)


def _aligned(size: int) -> int:
    return size + -size % MAXALIGN


def _width(column: Attribute) -> tuple[float, Sequence[float], bool]:
    """Return a value's mean size, the shares of sizes modulo 8, and whether all values have one size."""
    if column.length > 0:
        return column.length, _only(column.length), True
    width = column.width or 0
    known = max(column.residues, default=0.0) > _CERTAIN
    all_out = column.may_be_out and width == _POINTER and not column.residues
    if column.is_constant or all_out or (known and column.residues[width % 8] > _CERTAIN):
        return width, _only(width), True
    # ANALYZE cuts off what is behind the point of a mean.
    mean = width + 0.5
    if known and column.may_be_out and width <= _LONGEST_SHORT:
        return mean, _with_pointers(mean, column.residues), False
    return mean, column.residues or (1 / 8,) * 8, False


def _with_pointers(mean: float, residues: Sequence[float]) -> Sequence[float]:
    """Return the shares where values in line have one residue, and the mean says that others are elsewhere.

    ANALYZE counts the pointers in the mean and keeps the values behind them out of its lists.
    """
    inline = next(residue for residue, share in enumerate(residues) if share > _CERTAIN)
    beyond = (inline - math.floor(mean)) % 8 or 8
    other = math.floor(mean) + beyond if mean > _POINTER else math.floor(mean) - (8 - beyond) % 8
    out = min(1.0, max(0.0, (other - mean) / (other - _POINTER))) if other != _POINTER else 1.0
    pointers = _only(_POINTER)
    return [out * one + (1 - out) * two for one, two in zip(pointers, residues, strict=True)]


def _only(width: int) -> Sequence[float]:
    return [float(residue == width % 8) for residue in range(8)]


def rows_per_page(size: RowSize, block_size: int, fillfactor: int) -> float:
    """Return how many rows VACUUM FULL puts on a page.

    It goes to the next page when a row does not fit into what the fill factor leaves. With rows of one size
    the end of a page is what a whole number of them leaves; otherwise the space before the row that no longer
    fits is on average E[X^2] / (2 E[X]), the mean age in a renewal process.
    """
    most = (block_size - PAGE_HEADER) // (_aligned(_HEADER) + ITEM)
    room = block_size - PAGE_HEADER - block_size * (100 - fillfactor) // 100
    if size.is_constant:
        return max(1, min(most, room // size.mean))
    waste = (size.variance + size.mean * size.mean) / (2 * size.mean)
    return max(1.0, min(most, (room - waste) / size.mean))


def pages(rows: float, per_page: float) -> int:
    """Return the pages of that many rows."""
    return math.ceil(rows / per_page) if rows > 0 else 0
