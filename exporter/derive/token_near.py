"""Owns live tokens by their time of expiry, read by an index in turns: what is known, and how sure it is.

A token stays in its bucket from its issue to its expiry, so buckets that were read in different runs add up.
What can have changed since one was read is a revocation, or a token issued with a shorter life than others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import mean

from exporter.derive.strata import Drawn, Estimate, certain_within, strata, total

# The rings of buckets: in their turn, the one that passes, the one that enters the window, those that fill.
TURN, FIRST, LAST, FILLING = range(4)
# Buckets read again of which the change is told, before it is believed.
_ENOUGH = 5


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a bucket held by kind when it was read, and the rows updated and deleted until then."""

    counts: tuple[int, ...]
    changes: int


@dataclass(frozen=True, slots=True)
class Buckets:
    """All buckets read so far that did not pass, from `first` to `last`.

    `drift` is by how many tokens a bucket changes at most, by kind, between being read and read again;
    None before some were.
    """

    known: Mapping[int, Bucket] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    drift: tuple[float, ...] | None = None


def seen(before: Buckets, read: Sequence[Drawn], changes: int) -> Buckets:
    """Return what is known after a run that read these buckets; `changes` counts rows updated and deleted."""
    first = next(each.place for each in read if each.ring == FIRST)
    last = next((each.place for each in read if each.ring == LAST), first)
    fresh = {each.place: Bucket(tuple(each.counts[:-2]), changes) for each in read}
    # The other buckets changed for known reasons.
    again = [each.place for each in read if each.ring == TURN and before.first < each.place < before.last]
    again = [place for place in again if place in before.known]
    drift = before.drift
    if len(again) >= _ENOUGH:
        pairs = [(fresh[place].counts, before.known[place].counts) for place in again]
        kinds = range(len(pairs[0][0]))
        drift = tuple(_at_most([abs(new[kind] - old[kind]) for new, old in pairs]) for kind in kinds)
    kept = {place: bucket for place, bucket in before.known.items() if first < place < before.last}
    return Buckets({**kept, **fresh}, first, last, drift)


def _at_most(changes: Sequence[int]) -> float:
    """Return the mean of so few counts and its doubt, where none seen may be three ("the rule of three")."""
    average = mean(changes)
    return average + 2 * sqrt(average / len(changes)) + 3 / len(changes)


def near(buckets: Buckets, kind: int, changes: int) -> Estimate:
    """Return the live tokens of a kind in all buckets; `changes` is as for `seen`, of now."""
    edges = {buckets.first, buckets.last}
    inner = [(place, bucket) for place, bucket in buckets.known.items() if place not in edges]
    there = buckets.last - buckets.first + 1 - len(edges)
    weight = max(1.0, there / len(inner)) if inner else 1.0
    drawn = [Drawn(0, place, weight, bucket.counts) for place, bucket in inner]
    drawn += [Drawn(1, place, 1.0, buckets.known[place].counts) for place in edges]
    found = total(strata(drawn), lambda counts: counts[kind])
    return found + certain_within(_stale(buckets, kind, changes))


def _stale(buckets: Buckets, kind: int, changes: int) -> float:
    """Return by how much the tokens of a kind may be off, because of what changed since buckets were read.

    At most as many as rows were updated or deleted since, unless it was seen how much a bucket changes.
    """
    old = [bucket for bucket in buckets.known.values() if bucket.changes != changes]
    if buckets.drift is not None:
        return len(old) * buckets.drift[kind]
    whole = sum(sum(bucket.counts) for bucket in buckets.known.values())
    return sum((changes - bucket.changes) * bucket.counts[kind] / whole for bucket in old if whole)
