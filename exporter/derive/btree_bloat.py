"""Owns what REINDEX would give back of B-trees: from catalogue rows to bytes, ratio and confidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from exporter.derive.btree_bloat_pages import Tree, built_pages
from exporter.derive.btree_bloat_tuples import KeyColumn
from exporter.model import Rows

COLUMNS = (
    *("method", "confidence", "schemaname", "relname", "indexrelname"),
    *("estimates", "bloat_bytes", "bloat_ratio"),
)
METHOD = "catalog"
LEAST_PAGES = 10  # of smaller ones a page more or less would be a large share
_DOUBT = 0.1  # of the pages: the difference that another reading of the statistics may make
_REFUTED = 1.1  # times as many pages as there are
_STALE = 0.5  # share of rows changed since ANALYZE from which statistics may have changed with them
_ALIGNMENTS = {"c": 1, "s": 2, "i": 4, "d": 8}
_EXPRESSION_HEADER = 3  # ANALYZE sees values of expressions with the long header that the index shortens
_LONGEST_SHORT = 127
# A node tree is the text of pg_index.indpred. What is below OR or NOT need not hold.
_NULL_TEST = re.compile(r"\{NULLTEST :arg \{VAR :varno 1 :varattno (\d+)[^{}]*\} :nulltesttype ([01])")
_NEGATED = re.compile(r":boolop (or|not)")

_Name = tuple[str, str, str]


class Confidence(StrEnum):
    """How much an estimate is worth."""

    HIGH = "high"
    LOW = "low"
    NONE = "none"  # and so there is no number


@dataclass(frozen=True, slots=True)
class Index:
    """An index as the catalogue describes it.

    `pages` are counted now, None while it is locked; `known_pages` when it was last vacuumed or analysed.
    `modified` are rows changed since ANALYZE. `is_complete` says that there are statistics of all columns
    that need them.
    """

    name: _Name
    pages: int | None
    known_pages: int
    tree: Tree
    modified: int
    is_counted: bool
    is_complete: bool

    @property
    def here(self) -> int:
        """Pages that it has, as far as is known."""
        return self.known_pages if self.pages is None else self.pages


@dataclass(frozen=True, slots=True)
class Estimate:
    """What REINDEX would give back of an index, in pages; None when nothing is known about its columns."""

    index: Index
    bloat: float | None = None

    @property
    def confidence(self) -> Confidence:
        """How much it is worth."""
        if self.bloat is None:
            return Confidence.NONE
        return Confidence.HIGH if _is_certain(self.index, self.bloat) else Confidence.LOW

    @property
    def ratio(self) -> float | None:
        """The share of the index; None for a small one."""
        return None if self.bloat is None or self.index.here < LEAST_PAGES else self.bloat / self.index.here

    @property
    def bytes(self) -> int | None:
        """The same in bytes."""
        return None if self.bloat is None else round(self.bloat) * self.index.tree.block_size

    @property
    def rank(self) -> tuple[int, int, _Name]:
        """Its place among others, most bloat first."""
        return -(self.bytes or 0), -self.index.here, self.index.name

    def lines(self) -> Iterator[tuple[object, ...]]:
        """Yield its rows: how it was estimated, and the numbers."""
        yield (METHOD, self.confidence.value, *self.index.name, 1, None, None)
        if self.bloat is not None:
            yield (None, None, *self.index.name, None, self.bytes, self.ratio)


def btree_bloat(
    rows: Rows,
    previous: object | None,  # noqa: ARG001 - each run stands for itself
    now: float,  # noqa: ARG001 - nothing depends on the time
) -> tuple[Rows, object | None]:
    """Derive bloat from one row for each column of each index, as the query index_bloat returns them.

    An index gives a row with its numbers, and one with labels that say by which method they came and how
    much they are worth; most bloat comes first. Bytes and ratio are what REINDEX would give back; the ratio
    is left out below LEAST_PAGES.
    """
    lines = tuple(line for estimate in estimates(rows) for line in estimate.lines())
    return Rows(COLUMNS, lines, rows.seconds), None


def estimates(rows: Rows) -> Sequence[Estimate]:
    """Return the estimates of all indexes of an answer, most bloat first."""
    return sorted((_estimate(index) for index in _read(rows)), key=lambda one: one.rank)


def _estimate(index: Index) -> Estimate:
    is_known = index.is_complete or index.tree.rows < 1
    return Estimate(index, _bloat(index, index.tree) if is_known else None)


def _is_certain(index: Index, bloat: float) -> bool:
    """Tell whether nothing that the statistics leave open would change the estimate much."""
    return (
        index.is_counted
        and index.pages is not None
        and index.modified <= _STALE * index.tree.rows
        and all(
            abs(_bloat(index, tree) - bloat) <= _DOUBT * index.here for tree in _other_readings(index.tree)
        )
    )


def _bloat(index: Index, tree: Tree) -> float:
    """Return the pages that a rebuild gives back.

    Columns are taken to be independent. If that makes more pages than there are, they are not: then what is
    needed lies between what fully dependent ones need and what there is.
    """
    needed = built_pages(tree)
    if needed > _REFUTED * index.here and _is_joint(tree):
        needed = (index.here + min(needed, built_pages(_dependent(tree)))) / 2
    return max(0.0, index.here - needed)


def _other_readings(tree: Tree) -> Iterator[Tree]:
    """Yield the index as the same statistics allow it to be, too: values of one width, dependent columns."""
    if any(column.length == -1 and column.residues is None for column in tree.columns):
        yield replace(tree, columns=[_of_one_width(column) for column in tree.columns])
    if _is_joint(tree):
        yield _dependent(tree)


def _is_joint(tree: Tree) -> bool:
    return tree.deduplicates and tree.keys > 1


def _dependent(tree: Tree) -> Tree:
    """Return the index with no more keys than the column that has most has values."""
    most = max(tree.columns, key=lambda column: column.distinct)
    one_value = [column if column is most else _of_one_value(column) for column in tree.columns]
    return replace(tree, columns=one_value)


def _of_one_width(column: KeyColumn) -> KeyColumn:
    if column.length > 0 or column.residues is not None:
        return column
    return replace(column, residues=tuple(float(residue == column.width % 8) for residue in range(8)))


def _of_one_value(column: KeyColumn) -> KeyColumn:
    return replace(column, distinct=1.0, frequencies=())


def _read(rows: Rows) -> Iterator[Index]:
    """Yield the indexes of an answer, in which the columns of each stand together and in their order."""
    dicts = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
    for name, columns in groupby(dicts, key=_name):
        yield _index(name, list(columns))


def _name(row: Mapping[str, object]) -> _Name:
    return str(row["schemaname"]), str(row["relname"]), str(row["indexrelname"])


def _index(name: _Name, rows: Sequence[Mapping[str, object]]) -> Index:
    one = rows[0]
    live, known = _number(one["live"]), max(0.0, _number(one["reltuples"]))
    # Where the count may have begun at 0, the one that says less bloat.
    count = live if one["is_counted"] else max(live, known)
    sampled = known or count
    part = (
        max(0.0, _number(one["partial_rows"])) / sampled
        if one["partial_rows"] is not None and sampled
        else 1.0
    )
    deduplicates = bool(one["can_deduplicate"]) and not one["is_unique"]
    known_nulls = _known_nulls(one["predicate"])
    tree = Tree(
        rows=count * min(1.0, part),
        sampled_rows=sampled,
        columns=[_column(row, sampled, known_nulls.get(_whole(row["attnum"]) or 0)) for row in rows],
        keys=_whole(one["keys"]) or 1,
        fillfactor=_whole(one["fillfactor"]) or 90,
        deduplicates=deduplicates,
        block_size=_whole(one["block_size"]) or 8192,
    )
    return Index(
        name,
        pages=_whole(one["pages"]),
        known_pages=_whole(one["relpages"]) or 0,
        tree=tree,
        modified=_whole(one["modified"]) or 0,
        is_counted=bool(one["is_counted"]),
        is_complete=all(_is_known(row, deduplicates=deduplicates) for row in rows),
    )


def _is_known(row: Mapping[str, object], *, deduplicates: bool) -> bool:
    """Tell whether there is what the estimate needs of a column: little, if its type says how wide it is."""
    is_plain = (_whole(row["length"]) or 0) > 0 and bool(row["is_not_null"]) and not deduplicates
    return row["null_frac"] is not None or is_plain


def _known_nulls(predicate: object) -> dict[int, bool]:
    """Return the columns of the table that are always, or never, NULL in an index with this predicate."""
    text = str(predicate or "")
    if _NEGATED.search(text):
        return {}
    return {int(attnum): kind == "0" for attnum, kind in _NULL_TEST.findall(text)}


def _column(row: Mapping[str, object], sampled: float, is_null: bool | None) -> KeyColumn:  # noqa: FBT001 - or not known
    length, width = _whole(row["length"]) or 0, _whole(row["avg_width"]) or 0
    if row["is_expression"] and length == -1 and width - _EXPRESSION_HEADER <= _LONGEST_SHORT:
        width -= _EXPRESSION_HEADER
    nulls, distinct = _number(row["null_frac"]), _number(row["n_distinct"])
    column = KeyColumn(
        length=length,
        alignment=_ALIGNMENTS[str(row["alignment"])],
        width=width,
        null_fraction=min(1.0, nulls),
        distinct=-distinct * sampled if distinct < 0 else distinct,
        frequencies=tuple(_frequencies(row)),
        residues=_shares(row["residues"]) or (_only(width) if row["is_constant"] else None),
        is_plain=row["storage"] == "p",
    )
    if is_null is None or row["is_expression"]:
        return column
    if is_null:
        return replace(column, null_fraction=1.0)
    present = 1 - column.null_fraction
    common = tuple(one / present for one in column.frequencies) if present > 0 else ()
    return replace(column, null_fraction=0.0, frequencies=common)


def _frequencies(row: Mapping[str, object]) -> Iterator[float]:
    """Yield the frequencies of the most common values; after the first hundred only the mean is known."""
    first = [_number(one) for one in _listed(row["mcv_freqs"])]
    yield from first
    more = (_whole(row["mcv_count"]) or 0) - len(first)
    if more > 0:
        yield from [max(0.0, _number(row["mcv_sum"]) - sum(first)) / more] * more


def _shares(residues: object) -> tuple[float, ...] | None:
    values = [_number(one) for one in _listed(residues)]
    total = sum(values)
    return tuple(value / total for value in values) if total > 0 else None


def _only(width: int) -> tuple[float, ...]:
    return tuple(float(residue == width % 8) for residue in range(8))


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
