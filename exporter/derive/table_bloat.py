"""Owns what a rewrite would give back of tables and their TOAST, by the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from exporter.derive.heap_bloat import (
    CHUNKS_PER_PAGE,
    PAGE_HEADER,
    Attribute,
    RowSize,
    pages,
    row_size,
    rows_per_page,
)
from exporter.model import Rows

COLUMNS = (
    *("method", "confidence", "schemaname", "relname", "estimates"),
    *("bloat_bytes", "bloat_ratio", "toast_bloat_bytes", "toast_bloat_ratio"),
)
METHOD = "catalog"
# Of smaller tables a page more or less would be a large share.
LEAST_PAGES = 10
_ALIGNMENTS = {"c": 1, "s": 2, "i": 4, "d": 8}
_OUT_OF_LINE = "xe"
_PLAIN = "p"  # the storage of columns that keep a header of four bytes
# Share of rows changed since ANALYZE from which widths and NULLs may have changed with them.
_STALE = 0.5
# Of rows wider than this share of a page, how many fit depends on how their widths vary, which nobody knows.
_WIDE = 1 / 8


class Confidence(StrEnum):
    """How much an estimate is worth."""

    HIGH = "high"
    LOW = "low"
    NONE = "none"  # and so there is no number


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the catalogue describes it; None is what is not known.

    `pages` are counted now, `known_pages` when it was last vacuumed or analysed. `live` are the rows that
    statistics count, which begin at 0 when these are reset; `is_counted` says that a vacuum or ANALYZE has
    set them right since.
    """

    schema: str
    name: str
    pages: int | None
    known_pages: int
    live: float
    known_rows: float
    is_counted: bool
    modified: int
    fillfactor: int
    block_size: int
    attributes: tuple[Attribute, ...]
    toast_pages: int | None
    chunks: float


def table_bloat(
    rows: Rows,
    previous: object | None,  # noqa: ARG001 - the catalogue holds all there is to know
    now: float,  # noqa: ARG001 - as above
) -> tuple[Rows, object | None]:
    """Derive bloat from one row a table, as the query table_bloat returns them; largest bloat first.

    A table gives a row with its numbers, and one with labels that say by which method they came and how much
    they are worth. Bytes and ratio are what VACUUM FULL would give back; below LEAST_PAGES there is no ratio.
    """
    found = sorted((_estimate(table) for table in _read(rows)), key=lambda one: -one.worth)
    lines = tuple(line for estimate in found for line in estimate.lines())
    return Rows(COLUMNS, lines, rows.seconds), None


@dataclass(frozen=True, slots=True)
class _Waste:
    """Pages that a rewrite would give back, of how many."""

    pages: int
    of: int
    block_size: int

    @property
    def bytes(self) -> int:
        return self.pages * self.block_size

    @property
    def ratio(self) -> float | None:
        return self.pages / self.of if self.of >= LEAST_PAGES else None


@dataclass(frozen=True, slots=True)
class _Estimate:
    table: Table
    confidence: Confidence
    heap: _Waste | None
    toast: _Waste | None

    @property
    def worth(self) -> int:
        return sum(waste.bytes for waste in (self.heap, self.toast) if waste is not None)

    def lines(self) -> Iterator[tuple[object, ...]]:
        names = self.table.schema, self.table.name
        yield (METHOD, self.confidence.value, *names, 1, None, None, None, None)
        if self.heap or self.toast:
            numbers = (
                number
                for waste in (self.heap, self.toast)
                for number in ((waste.bytes, waste.ratio) if waste else (None, None))
            )
            yield (None, None, *names, None, *numbers)


def _estimate(table: Table) -> _Estimate:
    heap, confidence = _heap(table)
    return _Estimate(table, confidence, heap, _toast(table))


def _heap(table: Table) -> tuple[_Waste | None, Confidence]:
    size = row_size(table.attributes)
    rows = _rows(table)
    varying = [one for one in table.attributes if one.length < 0 and one.null < 1 and not one.is_constant]
    if rows and any(one.width is None for one in varying):
        return None, Confidence.NONE
    here = table.known_pages if table.pages is None else table.pages
    needed = pages(rows, rows_per_page(size, table.block_size, table.fillfactor))
    confidence = Confidence.HIGH if _is_certain(table, size) else Confidence.LOW
    return _Waste(max(0, here - needed), here, table.block_size), confidence


def _rows(table: Table) -> float:
    """Return the live rows; where their count may have begun at 0, the estimate that says less bloat."""
    return table.live if table.is_counted else max(table.live, table.known_rows)


def _is_certain(table: Table, size: RowSize) -> bool:
    rows = _rows(table)
    return (
        table.is_counted
        and table.pages is not None
        and all(one.width is not None or one.null >= 1 for one in table.attributes)
        and table.modified <= _STALE * rows
        and (size.is_constant or size.mean <= _WIDE * (table.block_size - PAGE_HEADER))
    )


def _toast(table: Table) -> _Waste | None:
    """Take chunks to be whole, four to a page: the last one of each value is not, and hides some bloat."""
    here = table.toast_pages
    if here is None or here < LEAST_PAGES:
        return None
    return _Waste(max(0, here - pages(table.chunks, CHUNKS_PER_PAGE)), here, table.block_size)


def _read(rows: Rows) -> Iterator[Table]:
    for row in rows.rows:
        yield _table(dict(zip(rows.columns, row, strict=True)))


def _table(row: dict[str, object]) -> Table:
    return Table(
        schema=str(row["schemaname"]),
        name=str(row["relname"]),
        pages=_whole(row["pages"]),
        known_pages=_whole(row["relpages"]) or 0,
        live=_number(row["live"]),
        known_rows=max(0.0, _number(row["reltuples"])),
        is_counted=bool(row["is_counted"]),
        modified=_whole(row["modified"]) or 0,
        fillfactor=_whole(row["fillfactor"]) or 100,
        block_size=_whole(row["block_size"]) or 0,
        attributes=tuple(_attributes(row)),
        toast_pages=_whole(row["toast_pages"]),
        chunks=_number(row["chunks"]),
    )


def _attributes(row: dict[str, object]) -> Iterator[Attribute]:
    names = ("lengths", "alignments", "storages", "nulls", "widths", "constant")
    columns = zip(*(_listed(row[name]) for name in names), strict=True)
    for (length, align, storage, null, width, constant), residues in zip_longest(
        columns, _listed(row["residues"])
    ):
        yield Attribute(
            length=_whole(length) or 0,
            align=_ALIGNMENTS[str(align)],
            null=min(1.0, _number(null)),
            width=_whole(width),
            residues=_shares(_listed(residues)),
            is_packed=storage != _PLAIN,
            is_constant=bool(constant),
            may_be_out=storage in _OUT_OF_LINE and bool(row["toast_pages"]),
        )


def _shares(residues: list[object]) -> tuple[float, ...]:
    values = [_number(one) for one in residues]
    total = sum(values)
    return tuple(value / total for value in values) if total > 0 else ()


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | str) else []


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
