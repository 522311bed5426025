"""Owns how many pages a B-tree has right after it was built.

PostgreSQL 13 to 18: _bt_buildadd() and _bt_load() in access/nbtree/nbtsort.c, _bt_dedup_save_htid() in
nbtdedup.c, and "Deduplication" in the chapter on B-tree indexes.
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, exp, floor, sqrt
from typing import NamedTuple

from exporter.derive.btree_bloat_tuples import KeyColumn, aligned, patterns, prefix_distinct, tuple_sizes

_POINTER = 4  # bytes of a line pointer
_TID = 6  # bytes of a row's address in a posting list
_PAGE_OVERHEAD = (
    48  # page header 24, special space 16, the line pointers of the high key and of the next item
)
_HIGH_KEY_TID = 8  # a leaf's high key may need a row's address, for which room is kept
_INTERNAL_FILLFACTOR = 70  # not settable
_POSTING_SHARE = 10  # a posting list built in bulk takes a tenth of a page at most
_SPREAD = (-1.40, -0.53, 0.0, 0.53, 1.40)  # means of the fifths of a normal distribution, in deviations
_MANY = 40  # rows of a key on average, from which on their number is taken for normally distributed
_RUN = 2  # pages that one key fills, from which on it is counted apart
_ITEMS, _PAGES = 400, 2  # that are packed at least to see how full pages of different items get


@dataclass(frozen=True, slots=True)
class Tree:
    """An index as it would be built: `rows` get an entry each, `keys` are the columns before INCLUDE.

    `sampled_rows` is how many rows the table had when the columns' statistics were true.
    """

    rows: float
    sampled_rows: float
    columns: Sequence[KeyColumn]
    keys: int
    fillfactor: int = 90
    deduplicates: bool = True
    block_size: int = 8192


class _Item(NamedTuple):
    """What takes a place on a leaf: its bytes with the line pointer, and those that its high key lacks."""

    size: int
    extra: int = 0


def built_pages(tree: Tree) -> float:
    """Return how many pages the index has after REINDEX, the meta page included."""
    if tree.rows < 1:
        return 1.0
    # Those at one end of the index share no pages with the others, whose gaps they might fill.
    ends: dict[bool, defaultdict[_Item, float]] = {False: defaultdict(float), True: defaultdict(float)}
    leaves = 0.0
    for pattern in patterns(tree.columns, tree.sampled_rows):
        rows, items = tree.rows * pattern.share, ends[pattern.stands_apart]
        for whole, probability in pattern.sizes.items():
            size = min(whole, _largest(tree.block_size))
            if not tree.deduplicates:
                items[_Item(size + _POINTER)] += rows * probability
                continue
            for values in pattern.values:
                leaves += _add(items, tree, size, rows * values.share, values.count * probability)
    for items in ends.values():
        if total := sum(item.size * count for item, count in items.items()):
            leaves += total / _bytes_of_leaf(items, tree)
    whole = ceil(max(1.0, leaves) - 1e-6)
    return 1 + whole + _internal_pages(tree, whole)


def _largest(block_size: int) -> int:
    """Return the size of the largest tuple: three fit on a page. What would be larger was compressed."""
    return (block_size // 3 - _PAGE_OVERHEAD // 2) // 8 * 8


def _add(items: defaultdict[_Item, float], tree: Tree, size: int, rate: float, keys: float) -> float:
    """Add the items of keys with so many rows each on average; return the pages that single keys fill."""
    most = (_posting_limit(tree.block_size) - size) // _TID
    if most < 2:  # noqa: PLR2004 - a list of two does not fit
        items[_Item(size + _POINTER)] += keys * rate
        return 0.0
    full = _posting(size, most)
    runs = 0.0
    for rows, probability in _row_counts(rate):
        lists, rest = divmod(rows, most)
        weight = keys * probability
        if lists * full.size > _RUN * tree.block_size:
            runs += weight * lists * full.size / _bytes_of_leaf({full: 1.0}, tree)
        elif lists:
            items[full] += weight * lists
        if rest:
            items[_posting(size, rest)] += weight
    return runs


def _posting(size: int, rows: int) -> _Item:
    if rows == 1:
        return _Item(size + _POINTER)
    whole = aligned(size + _TID * rows)
    return _Item(whole + _POINTER, whole - size)


def _posting_limit(block_size: int) -> int:
    """Return the bytes that a posting list with its key has at most when an index is built."""
    return (block_size // _POSTING_SHARE) // 8 * 8 - _POINTER - _POINTER


def _row_counts(rate: float) -> Iterator[tuple[int, float]]:
    """Yield how many rows a key can have, and with which probability; keys without a row are left out."""
    if rate >= _MANY:
        for deviation in _SPREAD:
            yield max(1, round(rate + deviation * sqrt(rate))), 1 / len(_SPREAD)
        return
    probability = exp(-rate)
    for rows in range(1, floor(rate + 6 * sqrt(rate) + 6)):
        probability *= rate / rows
        if probability > 0:
            yield rows, probability


def _bytes_of_leaf(items: Mapping[_Item, float], tree: Tree) -> float:
    """Return how many bytes of items a full leaf holds, by filling some as the server does.

    Items come in an order that has nothing to do with their size. A page's last one starts the next page.
    """
    room = tree.block_size - _PAGE_OVERHEAD
    reserve = tree.block_size * (100 - tree.fillfactor) // 100
    enough = 0 if len(items) == 1 else _ITEMS
    pages = used = kept = on_page = 0
    last = _Item(0)
    for placed, item in enumerate(_drawn(items)):
        free = room - used
        if free < item.size - _POINTER + _HIGH_KEY_TID or (free + last.extra < reserve and on_page > 1):
            pages += 1
            kept += used - last.size
            used, on_page = last.size, 1
            if placed >= enough and (pages >= _PAGES or not enough):
                break
        used += item.size
        on_page += 1
        last = item
    return kept / pages


def _drawn(items: Mapping[_Item, float]) -> Iterator[_Item]:
    """Yield items for ever, as often as they occur; the same ones each time."""
    kinds = sorted(items, key=lambda item: (item.size, item.extra))
    ends = list(accumulate(items[item] for item in kinds))
    state, scale = 1, ends.pop() / 2**31
    while True:
        state = (1103515245 * state + 12345) % 2**31
        yield kinds[bisect(ends, state * scale)]


def _internal_pages(tree: Tree, leaves: int) -> int:
    """Return the pages above the leaves. What a pivot needs not to tell two leaves apart is cut off."""
    size = _POINTER + _pivot(tree, leaves)
    free = tree.block_size - _PAGE_OVERHEAD - tree.block_size * (100 - _INTERNAL_FILLFACTOR) // 100
    fan = max(2, floor(free / size))
    pages, level = 0, leaves
    while level > 1:
        level = ceil(level / fan)
        pages += level
    return pages


def _pivot(tree: Tree, leaves: int) -> float:
    for keys in range(1, tree.keys + 1):
        prefix = [column for column in tree.columns[:keys] if column.null_fraction < 1]
        if keys == tree.keys or prefix_distinct(prefix, tree.sampled_rows) > 2 * leaves:
            break
    sizes = tuple_sizes(prefix, has_nulls=False)
    mean = sum(min(size, _largest(tree.block_size)) * probability for size, probability in sizes.items())
    several = tree.deduplicates and prefix_distinct(prefix, tree.sampled_rows) < leaves
    return mean + (_HIGH_KEY_TID if several else 0)
