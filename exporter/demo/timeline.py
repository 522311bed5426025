"""Owns when what happens in the demo: an endless plan, a pure function of the seed and the rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from heapq import merge
from random import Random


class StepKind(StrEnum):
    """What a step of the plan is."""

    OPERATION = "operation"  # one piece of ordinary traffic
    PURGE = "purge"
    PURGE_FORGOTTEN = "purge forgotten"
    IDLE_TRANSACTION = "idle transaction"
    LOCK_QUEUE = "lock queue"
    REVOCATION_WAVE = "revocation wave"
    CHURN = "churn"


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Something that happens `at` seconds after the start; `number` counts the steps of its kind from 0."""

    at: float
    kind: StepKind
    number: int


# Seconds of the first one and between two. Each kind shows up within the first two minutes but a forgotten
# purge, which needs a time before it that looks healthy.
_INCIDENTS = {
    StepKind.IDLE_TRANSACTION: (25.0, 200.0),
    StepKind.LOCK_QUEUE: (50.0, 240.0),
    StepKind.REVOCATION_WAVE: (80.0, 210.0),
    StepKind.CHURN: (95.0, 300.0),
    StepKind.PURGE_FORGOTTEN: (180.0, 600.0),
}
FORGOTTEN_SECONDS = 240.0
_PURGE_EVERY = 15.0


def _source(seed: int, kind: StepKind) -> Random:
    """Return a source of its own for each kind, so that one kind's draws never shift another's."""
    return Random(f"{seed} {kind}")  # noqa: S311  # a simulation wants a sequence that can be repeated


def _operations(seed: int, rate: float) -> Iterator[Step]:
    random, at, number = _source(seed, StepKind.OPERATION), 0.0, 0
    while True:
        yield Step(at, StepKind.OPERATION, number)
        at += random.uniform(0.5, 1.5) / rate
        number += 1


def _incidents(seed: int, kind: StepKind, first: float, every: float) -> Iterator[Step]:
    random, at, number = _source(seed, kind), first, 0
    while True:
        yield Step(at, kind, number)
        at += every * random.uniform(0.9, 1.1)
        number += 1


def _purges(seed: int) -> Iterator[Step]:
    """Yield a purge every 15 s, but none while it is forgotten."""
    gaps = _incidents(seed, StepKind.PURGE_FORGOTTEN, *_INCIDENTS[StepKind.PURGE_FORGOTTEN])
    gap, number, turn = next(gaps).at, 0, 0
    while True:
        turn += 1
        at = turn * _PURGE_EVERY
        if at >= gap + FORGOTTEN_SECONDS:
            gap = next(gaps).at
        if not gap <= at < gap + FORGOTTEN_SECONDS:
            yield Step(at, StepKind.PURGE, number)
            number += 1


def timeline(seed: int, rate: float) -> Iterator[Step]:
    """Yield every step in order of time, without end. `rate` is operations a second."""
    incidents = (_incidents(seed, kind, *times) for kind, times in _INCIDENTS.items())
    return merge(_operations(seed, rate), _purges(seed), *incidents)
