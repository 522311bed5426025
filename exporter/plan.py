"""Owns which jobs follow from what is known about a target: pure, so that each reason can be tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from exporter.errors import QueryError
from exporter.model import DatabaseInfo, JobKey, Query, Scope, ServerInfo, Skip, SkipReason, Target
from exporter.targets import selected_databases, skip

# Facts about each selected database, or why they could not be read.
Facts = Mapping[str, DatabaseInfo | QueryError]

# With a single connection, which the main database has, there is none to visit another.
CONNECTIONS_TO_VISIT = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs that run, and those that do not with the reason."""

    active: Mapping[JobKey, Query] = field(default_factory=dict)
    skipped: Mapping[JobKey, Skip] = field(default_factory=dict)


def plan(target: Target, queries: Mapping[str, Query], server: ServerInfo, facts: Facts) -> Plan:
    """Return which of `queries` run on `target`, in which databases, and why the others do not."""
    active: dict[JobKey, Query] = {}
    skipped: dict[JobKey, Skip] = {}
    for key, query in _jobs(target, queries, server):
        reason = _reason(target, key, query, server, facts)
        if reason is None:
            active[key] = query
        else:
            skipped[key] = reason
    return Plan(active, skipped)


def relations(queries: Mapping[str, Query]) -> tuple[str, ...]:
    """Return the relations whose facts decide whether some query runs."""
    needed = {query.needs.relation for query in queries.values()}
    return tuple(sorted(name for name in needed if name is not None))


def visited(target: Target, queries: Mapping[str, Query], server: ServerInfo) -> tuple[str, ...]:
    """Return the databases besides the main one that some query wants to run in and we may connect to."""
    if target.max_connections < CONNECTIONS_TO_VISIT or all(
        query.scope is Scope.SERVER for query in queries.values()
    ):
        return ()
    return tuple(name for name in selected_databases(target, server) if name != server.database)


def _jobs(target: Target, queries: Mapping[str, Query], server: ServerInfo) -> Iterator[tuple[JobKey, Query]]:
    for query in queries.values():
        if query.scope is Scope.SERVER:
            yield JobKey(query.name, target.name), query
        else:
            for database in selected_databases(target, server):
                yield JobKey(query.name, target.name, database), query


def _reason(target: Target, key: JobKey, query: Query, server: ServerInfo, facts: Facts) -> Skip | None:
    database = key.database or server.database
    found = facts.get(database)
    if isinstance(found, DatabaseInfo):
        return skip(query, server, found)
    if isinstance(found, QueryError):
        return Skip(SkipReason.CONNECTIONS, f"database {database}: {found}")
    detail = f"max_connections is {target.max_connections}: no connection is left to visit {database}"
    return Skip(SkipReason.CONNECTIONS, detail, "set max_connections of the target to 2 or more")
