"""Owns what every command for people asks first: which targets, what they are, what runs there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum

from exporter.configuration import Configuration
from exporter.counter import Counter
from exporter.errors import ExporterError, QueryError
from exporter.model import DatabaseInfo, JobKey, Query, ServerInfo, Target
from exporter.plan import Plan, plan, visited
from exporter.scout import Gateway, Known, look
from exporter.token_store import Choice


class Exit(IntEnum):
    """What a command's exit code says; the highest one that applies is returned."""

    FINE = 0
    BAD = 1
    USAGE = 2
    UNREACHABLE = 3


class UnknownNameError(ExporterError):
    """The user named something that is not there; the message is one line and says what is."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A target that answered. `facts` holds each database that was looked at, or why it could not be."""

    target: Target
    server: ServerInfo
    facts: Mapping[str, Known | QueryError]
    plan: Plan

    @property
    def databases(self) -> Iterator[DatabaseInfo]:
        """The databases that answered."""
        return (found.info for found in self.facts.values() if isinstance(found, Known))

    def counter(self, gateway: Gateway, key: JobKey) -> Counter:
        """Return what counts the tokens of the database of an estimated query."""
        known = self.facts[key.database or self.server.database]
        store = known.store if isinstance(known, Known) else None
        if store is None or store.profile is None:
            raise LookupError(f"{key.query} is not estimated in {key.database}")
        return Counter(gateway, store.profile, store.lifetimes, self.server.major, time.time)


async def survey(gateway: Gateway, target: Target, queries: Mapping[str, Query], choice: Choice) -> Survey:
    """Look at a target as the daemon does at connect.

    Raises:
        QueryError: the target's main database cannot be reached or does not answer.
    """
    server = await gateway.server_info()
    facts: dict[str, Known | QueryError] = {server.database: await look(gateway, queries, choice)}
    for name in visited(target, queries, server):
        try:
            facts[name] = await look(gateway, queries, choice, name)
        except QueryError as error:
            facts[name] = error
    return Survey(target, server, facts, plan(target, queries, server, facts))


def targets_meant(configuration: Configuration, name: str | None) -> tuple[Target, ...]:
    """Return the target called `name`, or all of them.

    Raises:
        UnknownNameError: no target has that name, or none is configured.
    """
    if not configuration.targets:
        raise UnknownNameError(
            "no target is configured: set DATA_SOURCE_NAME, or targets in the configuration"
        )
    names = [target.name for target in configuration.targets]
    if name is not None and name not in names:
        raise UnknownNameError(f"no target is called {name!r}: there is {', '.join(names)}")
    return tuple(target for target in configuration.targets if name in {None, target.name})


def queries_meant(configuration: Configuration, names: list[str]) -> dict[str, Query]:
    """Return the named queries, disabled ones too since they were asked for, or all that are enabled.

    Raises:
        UnknownNameError: no query has one of these names.
    """
    if not names:
        return dict(configuration.queries)
    known = {**configuration.catalog.queries, **configuration.queries}
    for name in names:
        if name not in known:
            raise UnknownNameError(f"no query is called {name!r}{_hint(name, known)}")
    return {name: known[name] for name in names}


def complain(error: UnknownNameError) -> Exit:
    """Say on standard error what is wrong with the command line."""
    sys.stderr.write(f"{error}\n")
    return Exit.USAGE


def _hint(name: str, known: Mapping[str, Query]) -> str:
    for query in known.values():
        if any(column.family == name for column in query.columns):
            return f": it is a metric of the query {query.name}"
    close = get_close_matches(name, known, n=3, cutoff=0.6) or [other for other in known if name in other][:3]
    return f": did you mean {', '.join(close)}?" if close else ": `queries` lists all"
