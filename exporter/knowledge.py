"""Owns what is known about the databases of one target: their facts, and who counts the tokens in them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

from exporter.counter import Counter
from exporter.errors import QueryError
from exporter.model import JobKey, Query, ServerInfo, Target
from exporter.plan import visited
from exporter.scout import Gateway, Known, look
from exporter.store import Store
from exporter.streak import Streak
from exporter.token_store import Choice

log = logging.getLogger(__name__)

# Other databases cost a connection each: their facts are read less often.
_DATABASES_EVERY = 300.0


class Knowledge:
    """What is known about one target's databases, as of the newest look at each."""

    def __init__(
        self,
        target: Target,
        gateway: Gateway,
        store: Store,
        now: Callable[[], float],
        choice: Choice | None = None,
    ) -> None:
        self.facts: dict[str, Known | QueryError] = {}
        self._target = target
        self._gateway = gateway
        self._store = store
        self._now = now
        self._choice = choice or Choice()
        self._read_at: dict[str, float] = {}
        self._closed: dict[str, Streak] = {}
        self._counters: dict[JobKey, Counter] = {}

    def reconfigure(self, choice: Choice | None) -> None:
        """Take another choice of token stores."""
        self._choice = choice or Choice()
        self.outdated()

    def outdated(self) -> None:
        """Let the next look be at every database, however new its facts are."""
        self._read_at.clear()

    async def read(self, server: ServerInfo, queries: Mapping[str, Query]) -> None:
        """Look at the main database, and at those others whose turn it is.

        Raises:
            QueryError: of the main database; another one's is a fact about that one.
        """
        others = visited(self._target, queries, server)
        self.facts[server.database] = await look(self._gateway, queries, self._choice)
        for gone in self.facts.keys() - {server.database, *others}:
            del self.facts[gone]
            self._read_at.pop(gone, None)
            self._closed.pop(gone, None)
            self._store.forget(about(self._target.name, gone))
        for name in others:
            if self._now() - self._read_at.get(name, float("-inf")) < _DATABASES_EVERY:
                continue
            try:
                self.facts[name] = await look(self._gateway, queries, self._choice, name)
            except QueryError as error:
                self.facts[name] = error
            self._tell(name, self.facts[name])
            self._read_at[name] = self._now()

    def _tell(self, name: str, known: Known | QueryError) -> None:
        """Log once that a database cannot be looked at, so that its queries rest, and once that it can."""
        facts = {"target": self._target.name, "datname": name}
        if isinstance(known, QueryError):
            if self._closed.setdefault(name, Streak()).failed(known.kind, self._now()):
                log.warning("a database cannot be looked at", extra={**facts, "reason": str(known)})
        elif streak := self._closed.pop(name, None):
            log.info("a database can be looked at again", extra={**facts, **streak.ended(self._now())})

    def counter(self, key: JobKey, major: int) -> Counter:
        """Return who counts the tokens of the job's database; it remembers, until the profile changes."""
        known = self.facts.get(key.database or "")
        store = known.store if isinstance(known, Known) else None
        if store is None or store.profile is None:
            raise LookupError(f"{key.query} is not estimated in {key.database}")
        counter = self._counters.get(key)
        if counter is None or (counter.profile, counter.lifetimes) != (store.profile, store.lifetimes):
            counter = Counter(self._gateway, store.profile, store.lifetimes, major, self._now)
            self._counters[key] = counter
        return counter

    def publish(self, active: Collection[JobKey]) -> None:
        """Put on the page what token stores are there, and how the active jobs count their tokens."""
        for name, known in self.facts.items():
            store = known.store if isinstance(known, Known) else None
            families = store.families(self._target.name, name) if store else ()
            for key, counter in self._counters.items():
                if key.database == name and key in active:
                    families += counter.families(self._target.name, name)
            self._store.put_own(about(self._target.name, name), families)

    def retire(self) -> None:
        """Take everything about the databases off the page, and forget what their counting remembers."""
        self._counters.clear()
        for name in self.facts:
            self._store.forget(about(self._target.name, name))


def about(target: str, database: str | None = None) -> JobKey:
    """Name the place of what is known about a target or a database as such; no query has an empty name."""
    return JobKey("", target, database)
