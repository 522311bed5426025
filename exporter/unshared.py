"""Owns what no two queries may share: a name, and a family."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from exporter.document import Document
from exporter.errors import Fault
from exporter.model import Query
from exporter.naming import openmetrics_family


def repeated(queries: Collection[tuple[Query, Document]], foreign: Collection[str]) -> Iterator[Fault]:
    """Yield each name and family that is there twice; `foreign` sets have families of another exporter."""
    yield from _repeated_names(queries)
    yield from _repeated_families(queries, foreign)


def _repeated_names(queries: Iterable[tuple[Query, Document]]) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for query, _ in queries:
        if path := first.get(query.name):
            problem = f"the query {query.name} is already defined by {path}"
            yield Fault(query.path, "", problem, "give it another name, or switch the other one off")
        else:
            first[query.name] = query.path


def _repeated_families(
    queries: Iterable[tuple[Query, Document]], foreign: Collection[str]
) -> Iterator[Fault]:
    first: dict[str, str] = {}
    ours: dict[str, tuple[str, str]] = {}
    for query, document in queries:
        for column in query.columns:
            where = ("metrics", column.family)
            path = first.setdefault(column.family, query.path)
            if path != query.path:
                yield document.fault(where, f"is already declared by {path}", "a family belongs to one query")
                continue
            if query.set in foreign:
                continue  # a counter there may lack the _total by which ours is told from it
            key = openmetrics_family(column.family, column.type)
            family, path = ours.setdefault(key, (column.family, query.path))
            if family != column.family:
                problem = f"is the family {key} to OpenMetrics, as is {family} of {path}"
                yield document.fault(where, problem, "rename one of them")
