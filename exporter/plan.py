"""Owns which jobs follow from what is known about a target: pure, so that each reason can be tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from exporter.dialect import in_engine
from exporter.entities import Entity
from exporter.errors import QueryError
from exporter.model import JobKey, Query, Scope, ServerInfo, Skip, SkipReason, Target
from exporter.overlay import bound, estimated, in_schema, reads
from exporter.profile import Profile
from exporter.scout import Known
from exporter.targets import chosen, selected_databases, skip

# What is known about each selected database, or why it could not be looked at.
Facts = Mapping[str, Known | QueryError]

# With a single connection, which the main database has, there is none to visit another.
CONNECTIONS_TO_VISIT = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs that run, and those that do not with the reason; of the latter `resting` will run again."""

    active: Mapping[JobKey, Query] = field(default_factory=dict)
    skipped: Mapping[JobKey, Skip] = field(default_factory=dict)
    resting: Mapping[JobKey, Query] = field(default_factory=dict)

    def of(self, key: JobKey) -> Query | None:
        """Return the query of a job that runs or rests."""
        return self.active.get(key) or self.resting.get(key)


def plan(target: Target, queries: Mapping[str, Query], server: ServerInfo, facts: Facts) -> Plan:
    """Return which of `queries` run on `target`, in which databases, and why the others do not."""
    active: dict[JobKey, Query] = {}
    skipped: dict[JobKey, Skip] = {}
    stores = {
        name
        for name, known in facts.items()
        if isinstance(known, Known) and known.store and known.store.profile
    }
    for key, query in _jobs(target, queries, server):
        if query.over and stores and key.database not in stores:
            continue  # the store is elsewhere: that is no reason worth a series for each query
        judged = _judged(target, key, query, server, facts)
        if not isinstance(judged, Skip):
            active[key] = judged
        elif judged.reason is not SkipReason.ENGINE or (query.over and stores):
            skipped[key] = judged  # nobody expects the rest of another engine's queries
    return Plan(active, skipped)


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


def _judged(target: Target, key: JobKey, query: Query, server: ServerInfo, facts: Facts) -> Query | Skip:
    """Return the query as it runs there, or why it does not."""
    if isinstance(spoken := in_engine(query, server.engine), Skip):
        return spoken
    query = spoken
    database = key.database or server.database
    known = facts.get(database)
    if isinstance(known, QueryError):
        return Skip(SkipReason.CONNECTIONS, f"database {database}: {known}")
    if known is None:
        detail = f"max_connections is {target.max_connections}: no connection is left to visit {database}"
        return Skip(SkipReason.CONNECTIONS, detail, "set max_connections of the target to 2 or more")
    placed = _placed(query, known, server)
    if isinstance(placed, Skip):
        return placed
    reason = skip(placed, server, known.info)
    if reason is not None and reason.reason is SkipReason.SIZE and known.store and known.store.profile:
        estimate = estimated(query, known.store.profile)
        if estimate is not None:
            return skip(estimate, server, known.info) or estimate
    return reason or in_schema(chosen(placed, server, known.info), known.info)


def _placed(query: Query, known: Known, server: ServerInfo) -> Query | Skip:
    if not query.over:
        return query
    if known.store is None or known.store.profile is None:
        report = known.store.report if known.store else "no profile is configured"
        return Skip(SkipReason.RELATION, f"no token store was recognised: {report}")
    profile = known.store.profile
    left_out = _left_out(query, profile, known, server) if query.over_any else ()
    placed = bound(query, profile, left_out)
    # A query that no index helps to says what it reads in full.
    if isinstance(placed, Skip) or not _is_large(placed, known) or skip(placed, server, known.info):
        return placed
    return bound(query, profile, left_out, is_large=True)


def _is_large(query: Query, known: Known) -> bool:
    """Tell whether the query reads some relation that it would not read in full."""
    return any(
        needs.max_pages is not None and info.pages > needs.max_pages
        for needs in query.reads
        if needs.relation is not None and (info := known.info.relations.get(needs.relation))
    )


def _left_out(query: Query, profile: Profile, known: Known, server: ServerInfo) -> list[Entity]:
    """Return the entities that this query has to do without; not all of them, so that it can say why."""
    there = [entity for entity in map(Entity, query.over) if profile.of(entity)]
    hindered = [
        entity
        for entity in there
        if skip(replace(query, over=(), reads=reads(query, profile, entity)), server, known.info)
    ]
    return hindered if len(hindered) < len(there) else hindered[1:]
