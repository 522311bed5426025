"""Owns which labels a user may give a target: none that a series of it has already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exporter.errors import Fault
from exporter.model import Query, Scope
from exporter.settings import Settings

# What the exporter's own series of a target have.
OWN = frozenset(
    {
        "target",
        "datname",
        "query",
        "outcome",
        "reason",
        "engine",
        "database",
        "role",
        "profile",
        "schema",
        "what",
        "kind",
        "method",
        "state",
        "backup",
    }
)


def clashes(settings: Settings, queries: Iterable[Query]) -> Iterator[Fault]:
    """Yield the labels of targets that other series have; also of queries that are off, which may come on."""
    taken = dict.fromkeys(OWN, "the exporter's own metrics have it")
    for query in queries:
        names = (*query.labels, "datname") if query.scope is Scope.DATABASE else query.labels
        taken = {**dict.fromkeys(names, f"the query {query.name} has it"), **taken}
    for index, target in enumerate(settings.targets):
        for name in target.labels:
            if name in taken:
                problem = f"is not free: {taken[name]}"
                yield settings.fault(("targets", index, "labels", name), problem, "choose another name")
