"""Owns turning what a counting statement read into tokens by kind and state, each with its error and method.

Rows come in with the columns of COLUMNS, in parts:
- `facts`, one row: counts = FACTS, then the lifetime of each kind in seconds (0: as seen); names = the kinds;
  place = the server's time as Unix time;
- `scan`, one row: the counts of the whole table;
- `block`, a row for each block drawn: ring, place = its number, weight = blocks it stands for, its counts;
- `chance`, the same where each block was drawn by chance alone, and drawn blocks without rows are not seen;
- `near`, a row for each window of the expiry read by an index: place, weight = 1 / share of time read,
  counts = live tokens that expire within it, by kind, the blocks visited, and whether the answer was cut;
- `bucket`, the same for a window of fixed length that takes turns with others; ring: see `token_near`.

The counts of a scan and of a block are, for each kind: revoked, used, expired, live and expiring within the
horizon, live and expiring later, recently issued and neither revoked nor used, and the longest life in
seconds of what is recent or live; then, once: recently issued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import cast

from exporter.derive.strata import ENOUGH_CARRIERS, Drawn, Estimate, ratio, strata, total
from exporter.derive.token_memory import (
    Activity,
    Memory,
    blend,
    changed,
    inserted_within,
    kept,
    lived,
)
from exporter.derive.token_near import Buckets, near, seen
from exporter.model import Rows

COLUMNS = ("part", "ring", "place", "weight", "counts", "names")
FACTS = ("inserted", "updated", "deleted", "in_recovery", "horizon", "has_used")
STATES = ("active", "expired", "revoked", "used")
DERIVED = ("kind", "state", "count", "half_width", "method")
A_KIND = 7  # numbers of a kind
REVOKED, USED, EXPIRED, NEAR, LATER, FRESH, LIFE = range(A_KIND)
_OFFSETS = {
    "active": (NEAR, LATER),
    "later": (LATER,),
    "expired": (EXPIRED,),
    "revoked": (REVOKED,),
    "used": (USED,),
}
SCAN, INDEX, TAIL, RATE, SAMPLE = "scan", "index", "tail", "rate", "sample"
# Tokens that live longer than this are no business of arrivals: too many are revoked, and too long ago.
SHORT = 6 * 3600
# What Little's law may be off by on its own: arrivals that were rolled back, clocks apart, early revocation.
_LAW_ERROR = 0.03

# Rings of a relation are numbered from a multiple of this.
RINGS = 10

Cell = tuple[str, str]
Table = dict[Cell, tuple[Estimate, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one statement read, parsed."""

    activity: Activity
    on_primary: bool
    horizon: float
    states: tuple[str, ...]
    kinds: tuple[str, ...]  # in the order of the counts
    promised: Mapping[str, float]  # lifetimes by kind as the user told; 0 = not
    seen: Mapping[str, float]  # the longest met; 0 = none
    lifetimes: Mapping[str, float]  # what counts of the two; 0 = unknown
    scan: tuple[int, ...]
    groups: tuple[tuple[Drawn, ...], ...]
    near: tuple[tuple[Drawn, ...], ...]
    turn: tuple[Drawn, ...]  # buckets that were read

    @property
    def changes(self) -> int:
        """Rows updated and deleted since the server began to count."""
        return self.activity.updated + self.activity.deleted


def token_counts(
    rows: Rows,
    previous: object | None,
    now: float,  # noqa: ARG001 - a derivation is given the time; this one goes by the server's, in the rows
) -> tuple[Rows, object | None]:
    """Return tokens by kind and state, half the width of the 95 % interval and the method; and the memory.

    States exclude each other (revoked before used before expired before active) and sum up to the rows.
    """
    memory = previous if isinstance(previous, Memory) else Memory()
    reading, lifetimes = _with_lifetimes(read(rows), memory)
    if reading.scan:
        table, cells, draws = dict(_scanned(reading)), {}, None
    else:
        change = changed(memory, reading.activity) if reading.on_primary else None
        before = memory.buckets if change is not None else Buckets()
        buckets = seen(before, reading.turn, reading.changes) if reading.turn else Buckets()
        memory = replace(memory, buckets=buckets)
        cells = _averages(reading, memory, change)
        table = _estimated(reading, memory, cells)
        draws = _draws(reading, memory, change)
    span = max([reading.horizon, *(each for each in reading.lifetimes.values() if each <= SHORT)])
    answer = tuple(
        (kind, state, estimate.value, estimate.half_width, method)
        for (kind, state), (estimate, method) in table.items()
    )
    history = kept(memory, reading.activity, span)
    return Rows(DERIVED, answer, rows.seconds), Memory(cells, history, lifetimes, draws, memory.buckets)


def _with_lifetimes(reading: Reading, memory: Memory) -> tuple[Reading, Mapping[str, tuple[float, float]]]:
    """Return the reading with the lifetimes that count, the user's first, and all that were seen."""
    seen = lived(memory, reading.activity.at, reading.seen)
    known = {kind: reading.promised[kind] or seen.get(kind, (0.0, 0.0))[0] for kind in reading.kinds}
    return replace(reading, lifetimes=known), seen


def _draws(reading: Reading, memory: Memory, change: float | None) -> int | None:
    """Return how many draws the averages rest on; None where no counters say what changed in between."""
    if not reading.on_primary or not reading.activity.inserted:
        return None
    return 1 if change is None else (memory.draws or 0) + 1


def read(rows: Rows) -> Reading:
    """Parse the rows of a counting statement."""
    parts: dict[str, list[Drawn]] = {}
    kinds: tuple[str, ...] = ()
    for part, ring, place, weight, counts, names in rows.rows:
        drawn = Drawn(
            cast("int", ring), cast("int", place), cast("float", weight), tuple(cast("list[int]", counts))
        )
        parts.setdefault(cast("str", part), []).append(drawn)
        kinds = tuple(cast("list[str]", names)) if names else kinds
    (facts,) = parts["facts"]
    soon, turn = (_uncut(parts.get(part, [])) for part in ("near", "bucket"))
    inserted, updated, deleted, in_recovery, horizon, has_used, *lifetimes = facts.counts
    return Reading(
        activity=Activity(facts.place, inserted, updated, deleted),
        on_primary=not in_recovery,
        horizon=horizon,
        states=STATES if has_used else STATES[:-1],
        kinds=kinds,
        promised=dict(zip(kinds, lifetimes, strict=True)),
        seen={kind: max(found, default=0) for kind, found in _lives(parts, kinds)},
        lifetimes={},
        scan=tuple(parts["scan"][0].counts) if "scan" in parts else (),
        groups=(*strata(parts.get("block", ())), *((block,) for block in parts.get("chance", ()))),
        near=strata(soon),
        turn=tuple(turn),
    )


def _uncut(found: list[Drawn]) -> list[Drawn]:
    """Return what an index told, nothing when an answer was cut."""
    return [] if any(each.counts[-1] for each in found) else found


def _lives(parts: Mapping[str, Sequence[Drawn]], kinds: Sequence[str]) -> Iterator[tuple[str, list[float]]]:
    drawn = [each.counts for part in ("scan", "block", "chance") for each in parts.get(part, ())]
    for number, kind in enumerate(kinds):
        yield kind, [counts[A_KIND * number + LIFE] for counts in drawn]


def _cell(kind: int, *offsets: int) -> Callable[[Sequence[int]], float]:
    first = kind * A_KIND
    if len(offsets) == 1:
        return itemgetter(first + offsets[0])
    places = [first + offset for offset in offsets]
    return lambda counts: sum(counts[place] for place in places)


def _scanned(reading: Reading) -> Iterator[tuple[Cell, tuple[Estimate, str]]]:
    for number, kind in enumerate(reading.kinds):
        for state in reading.states:
            yield (kind, state), (Estimate(_cell(number, *_OFFSETS[state])(reading.scan)), SCAN)


def _averages(reading: Reading, memory: Memory, change: float | None) -> dict[Cell, Estimate]:
    """Return every cell that blocks can tell, averaged; `later`, not active, where an index reads near."""
    states = ("later" if reading.near or reading.turn else "active", *reading.states[1:])
    return {
        (kind, state): blend(
            memory.cells.get((kind, state)), total(reading.groups, _cell(number, *_OFFSETS[state])), change
        )
        for number, kind in enumerate(reading.kinds)
        for state in states
    }


def _estimated(reading: Reading, memory: Memory, cells: Mapping[Cell, Estimate]) -> Table:
    table: Table = {}
    for number, kind in enumerate(reading.kinds):
        if reading.near or reading.turn:
            later = cells[kind, "later"]
            # Where the user says that none lives longer than the horizon, not having seen one that does is no
            # doubt.
            is_told = 0 < reading.promised[kind] <= reading.horizon
            later = Estimate(0) if is_told and not later.value else later
            soon = (
                near(memory.buckets, number, reading.changes)
                if reading.turn
                else total(reading.near, itemgetter(number))
            )
            table[kind, "active"] = soon + later, INDEX
        else:
            table[kind, "active"] = _active(reading, memory, cells[kind, "active"], number)
        for state in reading.states[1:]:
            table[kind, state] = cells[kind, state], SAMPLE
    return table


def _active(reading: Reading, memory: Memory, drawn: Estimate, number: int) -> tuple[Estimate, str]:
    """Return the live tokens of a kind where no index leads with the expiry."""
    lifetime = reading.lifetimes[reading.kinds[number]]
    if not 0 < lifetime <= SHORT:
        return drawn, SAMPLE
    tail = _tail(reading.groups, number)
    if tail:
        return tail, TAIL
    law = _little(reading, memory, number, lifetime) if reading.on_primary else None
    if law is None:
        return drawn, SAMPLE
    if drawn.carriers < ENOUGH_CARRIERS:
        return (law, RATE) if law.half_width < drawn.half_width or not drawn.value else (drawn, SAMPLE)
    apart = (drawn.value - law.value) ** 2 / (drawn.variance + law.variance)
    if apart > 9:  # noqa: PLR2004 - three standard deviations: rows arrive that are no new tokens
        return drawn, SAMPLE
    share = drawn.variance / (drawn.variance + law.variance)
    value = share * law.value + (1 - share) * drawn.value
    return Estimate(value, share * law.variance, drawn.carriers, drawn.freedom), RATE


def _tail(groups: Sequence[Sequence[Drawn]], number: int) -> Estimate | None:
    """Return the live tokens of a table that is only appended to, when its end holds them all.

    Rings count from 1 at the end of the table, where every block is read; ring 0 is the bulk of it.
    """
    live = _cell(number, NEAR, LATER)
    bulk = [block for group in groups for block in group if not block.ring % RINGS]
    if sum(map(len, groups)) == len(bulk) or any(live(block.counts) for block in bulk):
        return None
    estimate = total(groups, live)
    return estimate if estimate.carriers else Estimate(0)


def _little(reading: Reading, memory: Memory, number: int, lifetime: float) -> Estimate | None:
    """Return arrivals within a lifetime times the share of them that are of the kind and not withdrawn.

    Source: J. D. C. Little, A Proof for the Queuing Formula L = λW, 1961. The share is that among the rows
    recently issued, of which blocks tell.
    """
    arrivals = inserted_within(memory, reading.activity, lifetime)
    recent = A_KIND * len(reading.kinds)
    share = ratio(reading.groups, _cell(number, FRESH), lambda counts: counts[recent])
    if arrivals is None or share is None:
        return None
    inserted, seen = arrivals
    value = inserted * share.value
    # Of the time that was not seen nothing is known but that the rate changes with the hour of the day.
    doubt = _LAW_ERROR + 0.2 * (1 - seen)
    return Estimate(value, inserted**2 * share.variance + (doubt * value) ** 2, share.carriers, share.freedom)
