"""Owns counting a token store that is too large to be read: facts, choice of a method, memory, by source.

It stands where a gateway's `fetch` stands: the rows it returns are (kind, state, tokens, half_width).
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, cast

from exporter.countable import countable, described
from exporter.counting import (
    IndexCost,
    Known,
    Leaf,
    Plan,
    TokenSource,
    choose,
    index_cost,
    leaves,
)
from exporter.counting_sql import leaves_statement, statement
from exporter.derive.token_counts import SHORT, token_counts
from exporter.derive.token_memory import Memory
from exporter.derive.token_near import Buckets
from exporter.model import Family, MetricType, Rows, Sample
from exporter.profile import (
    Profile,
)

# How often estimates are made, and what a run may take, in seconds.
ESTIMATE_EVERY, ESTIMATE_TIMEOUT = 300.0, 10.0
# Single draws of a class that lies in clusters err too much, so the first dozen follow each other at once; in
# seconds. Each touches no more blocks than any run.
SETTLING_EVERY = 10.0
# How often a method is chosen anew, in seconds.
_CHOOSE_EVERY = 600.0
_METHOD = "The method by which tokens too many to be read were counted; scan is exact."
_LIFETIME = "The longest time from issue to expiry that counting goes by, as configured or as seen."
_NEVER = 1e9  # seconds: from here on a token has no end
_USUAL: frozenset[object] = frozenset({"access", "refresh"})
_COLUMNS = ("kind", "state", "tokens", "half_width")


class Gateway(Protocol):
    """What counting takes of a target's connections; see `database.Database`."""

    def fetch(
        self, sql: str, *, timeout: float, database: str | None = None, heavy: bool = False
    ) -> Awaitable[Rows]:
        """Return the rows of a query."""


@dataclass(slots=True)
class _Counted:
    """One source over time. Unix times in seconds."""

    source: TokenSource
    leaves: tuple[Leaf, ...] = ()
    plan: Plan | None = None
    chosen_at: float = -math.inf
    cost: IndexCost | None = None
    memory: Memory = field(default_factory=Memory)


@dataclass(slots=True)
class Counter:
    """Counts the tokens of one database's store, again and again."""

    gateway: Gateway
    profile: Profile
    lifetimes: Mapping[str, float]  # the longest of a kind in seconds, where known
    major: int
    now: Callable[[], float]
    methods: dict[tuple[str, str], str] = field(default_factory=dict)
    _sources: tuple[_Counted, ...] = ()

    def families(self, target: str, database: str) -> tuple[Family, ...]:
        """Return by which method each number was counted at the newest run, for the page."""
        samples = tuple(
            Sample((target, database, kind, state, method), 1)
            for (kind, state), method in sorted(self.methods.items())
        )
        lives = tuple(
            Sample((target, database, kind, origin), seconds)
            for kind, (seconds, origin) in sorted(self._known_lifetimes().items())
            if seconds < _NEVER
        )
        names = ("target", "datname", "kind")
        return tuple(
            Family(name, MetricType.GAUGE, text, (*names, *labels), found)
            for name, text, labels, found in (
                ("oauth2_tokens_method_info", _METHOD, ("state", "method"), samples),
                ("oauth2_tokens_longest_lifetime_seconds", _LIFETIME, ("origin",), lives),
            )
            if found
        )

    @property
    def is_settled(self) -> bool:
        """Whether more runs soon would not make the numbers better."""
        return all(counted.memory.is_settled for counted in self._sources)

    def _known_lifetimes(self) -> dict[str, tuple[float, str]]:
        """Return the longest life of each kind in seconds, and from where it is known: users first."""
        known: dict[str, tuple[float, str]] = {}
        for counted in self._sources:
            for kind, (seconds, _) in counted.memory.lifetimes.items():
                known[kind] = max((seconds, "seen"), known.get(kind, (0.0, "")))
        return known | {kind: (seconds, "configured") for kind, seconds in self.lifetimes.items()}

    def __post_init__(self) -> None:
        self._sources = tuple(
            _Counted(described(source, self.lifetimes)) for source in countable(self.profile)
        )

    async def fetch(
        self,
        sql: str,  # noqa: ARG002  # there is none in the catalogue: it is made for each run
        *,
        timeout: float,  # noqa: ASYNC109  # the server's, as everywhere
        database: str | None,
        heavy: bool,
    ) -> Rows:
        """Return the tokens by kind and state, with half the width of the 95 % interval.

        Raises:
            QueryError: as the gateway's.
        """
        found: list[tuple[object, ...]] = []
        seconds = 0.0
        for counted in self._sources:
            if self.now() - counted.chosen_at >= _CHOOSE_EVERY:
                facts = await self.gateway.fetch(
                    leaves_statement(counted.source), timeout=timeout, database=database, heavy=heavy
                )
                counted.leaves, counted.chosen_at = leaves(facts), self.now()
                seconds += facts.seconds
            counted.plan = choose(
                counted.source,
                counted.leaves,
                self.major,
                cost=counted.cost,
                known=known_of(counted.source, counted.memory, counted.plan),
            )
            made = statement(counted.source, counted.plan, counted.leaves)
            answer = await self.gateway.fetch(made, timeout=timeout, database=database, heavy=heavy)
            seconds += answer.seconds
            counted.cost = index_cost(answer, counted.plan) or counted.cost
            derived, memory = token_counts(answer, counted.memory, self.now())
            if isinstance(memory, Memory):
                _keep(counted, memory)
            found += derived.rows
        rows = _summed(found)
        kept = {(kind, state) for kind, state, _, _ in rows}
        self.methods = {
            (str(kind), str(state)): str(method)
            for kind, state, _, _, method in found
            if (kind, state) in kept
        }
        return Rows(_COLUMNS, rows, seconds)


def known_of(source: TokenSource, memory: Memory, plan: Plan | None) -> Known | None:
    """Return what is known of the window of the expiry; None where nobody knows what changed since."""
    if memory.draws is None:
        return None
    seen = [round(seconds) for seconds, _ in memory.lifetimes.values()]
    lives = {life for life in (source.horizon, *seen, *source.lifetimes.values()) if life <= source.horizon}
    since = memory.history[-1].at if memory.buckets.known else None
    turns = plan.turn.turns if plan and plan.turn else 0
    return Known(memory.draws, turns, since, tuple(sorted(lives)))


def _keep(counted: _Counted, memory: Memory) -> None:
    """Remember, and let the near tokens be those of every kind that was seen to live shortly.

    What is near never becomes less, or averages would begin anew each time that a lifetime is met or not.
    """
    short = [seconds for seconds, _ in memory.lifetimes.values() if seconds <= SHORT]
    horizon = max([counted.source.horizon, *map(round, short)])
    if horizon > counted.source.horizon:
        counted.source = replace(counted.source, horizon=horizon)
        memory = replace(memory, cells={}, draws=memory.draws and 0, buckets=Buckets())
    counted.memory = memory


def _summed(rows: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Add up what several sources hold of a kind and state; independent errors add up as squares.

    As where they are read, other kinds than the usual are there only when some token is.
    """
    sums: dict[tuple[object, object], tuple[float, float]] = {}
    for kind, state, tokens, half_width, _ in rows:
        before, error = sums.get((kind, state), (0.0, 0.0))
        sums[kind, state] = (
            before + cast("float", tokens),
            math.hypot(error, cast("float", half_width)),
        )
    seen = {kind for (kind, _), (tokens, _) in sums.items() if round(tokens)} | _USUAL
    return [
        (kind, state, round(tokens), error) for (kind, state), (tokens, error) in sums.items() if kind in seen
    ]
