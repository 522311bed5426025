"""Owns how a table of tokens is described to the counting, and the choice of a method from free facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import cast

from exporter.model import Rows

# Blocks of 8 KiB. A table of up to 64 MB is read whole every minute, of up to 512 MB every 5 to 15 minutes.
SCAN_EVERY_MINUTE = 8_000
SCAN_AT_ALL = 64_000
# A refresh of all states touches at most 3,500 blocks: of the sample, the end of the table and the index.
# The pages of the index itself are known too late to be planned: what is missing to 3,500 is theirs.
MOST_BLOCKS = 3_200
LEAST_SAMPLE = 900
MOST_SAMPLE = 2_200
# A block of narrow rows costs more time than a block of wide ones, and tells more.
MOST_ROWS = 90_000
APPENDED = 0.95  # correlation of issue and place from which the end of a table is taken to be its newest part
TAIL_BLOCKS = 896  # what reading the end of the table costs
# Each row of a source with a join costs a search by an index, of about five blocks.
MOST_JOINED_ROWS = 600
LEAST_JOINED_SAMPLE = 4
# What an index may cost, with the blocks of the table that it leads to: when that makes the number exact, and
# when it does not, because live tokens lie on more blocks than a run may touch.
INDEX_WHOLE = 2_500
INDEX_PART = 1_500
FIRST_INDEX_ROWS = 2_000  # read by an index before its cost is known
# What lies on too many blocks for one run is read in turns, up to so many; then all of it is known.
INDEX_TURN = 2_200
MOST_TURNS = 6
TURN_BLOCKS = 2_300  # of a turn with what is new since the last
BUCKETS = 60  # of the window of the expiry, that take turns
TID_RANGE = 14  # the first version that reads a range of blocks without reading the others


class Method(StrEnum):
    """How a relation is counted; a run's rows carry the method of each number."""

    SCAN = "scan"  # one pass over the table
    SAMPLE = "sample"  # some blocks, and the end of the table or an index for tokens that live shortly


class TimeType(StrEnum):
    """How a column stores a time."""

    TZ = "tz"  # timestamptz
    NAIVE_UTC = "naive_utc"  # timestamp that holds UTC
    EPOCH = "epoch"  # integer, Unix seconds
    TEXT_ISO = "text_iso"  # text, ISO 8601 in UTC with a T


@dataclass(frozen=True, slots=True)
class Moment:
    """SQL that gives a time for a row, and how it is stored. `column` is set when it is a plain column."""

    sql: str
    type: TimeType
    column: str | None = None


@dataclass(frozen=True, slots=True)
class TokenSource:
    """A relation that holds tokens, in SQL expressions over its columns; its alias is t.

    `where` says which rows are tokens of this source, `joins` is what follows the relation in FROM.
    `kind` gives one of `kinds` as text. `revoked` and `used` are boolean. `lifetimes` are the longest of a
    kind in seconds, where known; those of up to `horizon` seconds are the short-lived ones.
    """

    relation: str  # schema-qualified, quoted
    kind: str
    expires: Moment
    revoked: str = "false"
    used: str | None = None  # None where the schema does not show it
    issued: Moment | None = None
    kinds: tuple[str, ...] = ("access", "refresh", "other")
    lifetimes: Mapping[str, int] = field(default_factory=dict)
    horizon: int = 3600
    # Conditions of partial indexes, as pg_get_expr prints them, that hold for every row that is not revoked.
    index_conditions: tuple[str, ...] = ()
    where: str = "true"
    joins: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A relation that holds rows itself: the table, or a partition of it. `pages` may be out of date."""

    relation: str
    pages: int
    rows: float  # -1 when it was never analysed
    all_visible: int = 0
    correlation: float | None = None  # of the time of issue and the place in the table
    leading: frozenset[str] = frozenset()  # columns that a usable index leads with
    changed: int = 0  # rows, since it was analysed


@dataclass(frozen=True, slots=True)
class IndexCost:
    """What reading live tokens by an index cost last time: rows, blocks, and the share of the window read."""

    rows: int
    blocks: int
    share: float


@dataclass(frozen=True, slots=True)
class Draw:
    """How many blocks are drawn from a leaf, and whether its end is read more closely."""

    relation: str
    blocks: int
    tail: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """Which buckets of the expiry a run reads: each `turns`-th from `number`, and those that were filling.

    New tokens come in where those issued `since` (Unix time) with one of `lives` (seconds) expire; None: no
    bucket is known yet.
    """

    number: int
    turns: int
    since: float | None = None
    lives: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a source is counted. `index_share` is the share of the window read by the index; 0: not at all."""

    method: Method
    why: str
    every: float  # seconds
    draws: tuple[Draw, ...] = ()
    index_share: float = 0.0
    by_tid: bool = True
    turn: Turn | None = None  # instead of a share of the window


def bucket_seconds(source: TokenSource) -> int:
    """Return the length of a bucket of the expiry in seconds."""
    return -(-source.horizon // BUCKETS)


def leaves(rows: Rows) -> tuple[Leaf, ...]:
    """Read the answer to `counting_sql.leaves_statement`."""
    return tuple(
        Leaf(
            relation=cast("str", relation),
            pages=cast("int", pages),
            rows=cast("float", count),
            all_visible=cast("int", visible),
            correlation=cast("float | None", correlation),
            leading=frozenset(cast("list[str]", leading)),
            changed=cast("int", changed),
        )
        for relation, pages, count, visible, correlation, leading, changed in rows.rows
    )


def index_cost(rows: Rows, plan: Plan) -> IndexCost | None:
    """Return what the index cost in a run of `plan` that answered `rows`; None when it was not used."""
    parts = {"near", "bucket"}
    found = [(cast("int", row[2]), cast("list[int]", row[4])) for row in rows.rows if row[0] in parts]
    if not found:
        return None
    tokens, blocks = sum(sum(counts[:-2]) for _, counts in found), sum(counts[-2] for _, counts in found)
    cut = any(counts[-1] for _, counts in found)
    places = [place for place, _ in found]
    share = len(places) / (max(places) - min(places) + 1) if plan.turn else plan.index_share
    return IndexCost(tokens, 10 * INDEX_WHOLE * MOST_TURNS if cut else blocks, share)


@dataclass(frozen=True, slots=True)
class Known:
    """How many runs there were, and in how many turns they read buckets of the expiry, the last one when.

    `lives` are the lifetimes of kinds that live shortly, in seconds; in their places new tokens come in.
    """

    runs: int
    turns: int = 0
    since: float | None = None
    lives: tuple[int, ...] = ()


def choose(
    source: TokenSource,
    leaves: tuple[Leaf, ...],
    major: int,
    expected: float | None = None,
    cost: IndexCost | None = None,
    known: Known | None = None,
) -> Plan:
    """Choose how to count from facts that cost nothing.

    `expected` is how many rows an index is going to find in the window, as the last run or the planner's
    histogram has it; `cost` what an index cost when it was last used, however long ago; `known` what runs
    before have read of the window, None where that cannot be used.
    """
    pages = sum(leaf.pages for leaf in leaves)
    if pages <= SCAN_AT_ALL and not source.joins:
        often = pages <= SCAN_EVERY_MINUTE
        return Plan(Method.SCAN, f"{pages} pages are read whole", 60.0 if often else 600.0)
    share = _index_share(source, leaves, expected, cost)
    by_tid = major >= TID_RANGE
    tail = _newest(leaves) if by_tid and not source.joins else None
    if tail and cost and share < 1:
        share = 0.0  # the end of the table tells more than a part of the window
    tail = None if share else tail
    turn = _turn(cost, known) if cost and 0 < share < 1 else None
    other = _index_blocks(cost, share) if share else TAIL_BLOCKS * (tail is not None)
    other = TURN_BLOCKS if turn else other
    blocks = _joined_blocks(leaves, pages) if source.joins else _sample_blocks(leaves, pages, other)
    draws = tuple(
        Draw(leaf.relation, max(4, round(blocks * leaf.pages / max(1, pages))), leaf is tail)
        for leaf in leaves
    )
    near = "the index on the expiry" if share else "the end of the table" if tail else "arrivals"
    why = f"{pages} pages: {blocks} are drawn; {near}{f' in {turn.turns} turns' if turn else ''}"
    return Plan(Method.SAMPLE, why, 300.0, draws, share, by_tid, turn)


def _turn(cost: IndexCost, known: Known | None) -> Turn | None:
    """Return whose turn it is; None where the window takes too many of them."""
    turns = ceil(_whole(cost) / INDEX_TURN)
    if known is None or turns > MOST_TURNS:
        return None
    if turns == known.turns - 1:
        turns = known.turns  # or buckets would lose their turn, and what one turn costs varies
    return Turn(known.runs % turns, turns, known.since, known.lives)


def _index_share(
    source: TokenSource, leaves: tuple[Leaf, ...], expected: float | None, cost: IndexCost | None
) -> float:
    """Return the share of the window that the index can read within its budget."""
    if (
        source.joins
        or not source.expires.column
        or not all(source.expires.column in leaf.leading for leaf in leaves)
    ):
        return 0.0
    if cost and cost.blocks:
        whole = _whole(cost)
        return 1.0 if whole <= INDEX_WHOLE else INDEX_PART / whole
    if expected:
        return min(1.0, FIRST_INDEX_ROWS / expected)
    return 0.1


def _whole(cost: IndexCost) -> float:
    """Return what reading the whole window costs: a tenth more for revoked tokens, and the index itself."""
    return 1.1 * cost.blocks / cost.share + 50


def _index_blocks(cost: IndexCost | None, share: float) -> int:
    """Return how many blocks the index may touch; a part of the window may cost a fifth more than before."""
    doubt = 1.2 if share < 1 else 1.0
    return round(_whole(cost) * share * doubt) if cost and cost.blocks else FIRST_INDEX_ROWS


def _newest(leaves: tuple[Leaf, ...]) -> Leaf | None:
    """Return the leaf whose end is the newest part of the source: the last that is in the order of issue."""
    ordered = [leaf for leaf in leaves if leaf.pages and (leaf.correlation or 0.0) >= APPENDED]
    return ordered[-1] if ordered else None


def _joined_blocks(leaves: tuple[Leaf, ...], pages: int) -> int:
    rows = sum(max(0.0, leaf.rows) for leaf in leaves)
    return max(LEAST_JOINED_SAMPLE, round(MOST_JOINED_ROWS * pages / rows)) if rows else LEAST_JOINED_SAMPLE


def _sample_blocks(leaves: tuple[Leaf, ...], pages: int, other: int) -> int:
    rows = sum(max(0.0, leaf.rows) for leaf in leaves)
    by_rows = round(MOST_ROWS * pages / rows) if rows else MOST_SAMPLE
    return max(min(MOST_SAMPLE, MOST_BLOCKS - other, by_rows), min(LEAST_SAMPLE, MOST_BLOCKS - other))
