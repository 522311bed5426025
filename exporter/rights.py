"""Owns which columns the enabled queries read, for the kind of token store that there is; for `grants`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.configuration import Configuration
from exporter.engines import Engine
from exporter.model import Query, Skip
from exporter.overlay import bound, estimated
from exporter.profile import Profile
from exporter.quoting import parts, relation
from exporter.scout import Known
from exporter.survey import Survey, UnknownNameError
from exporter.token_store import Choice

_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})
DEFAULT = "seed"


def placed(
    configuration: Configuration, profile: str | None, schema: str, found: Survey | None
) -> Mapping[str, Query]:
    """Return the enabled queries, those over token stores in terms of the tables that there are.

    Raises:
        UnknownNameError: there is no such profile.
    """
    profiles = _profiles(configuration, profile, schema, found)
    made = {name: query for name, query in configuration.queries.items() if not query.over}
    for name, query in configuration.queries.items():
        for each in profiles if query.over else ():
            in_place = bound(query, each)
            if not isinstance(in_place, Skip):
                made[f"{name}/{each.name}"] = in_place
            if estimate := estimated(query, each):
                made[f"{name}/{each.name}/estimated"] = estimate
    return made


def _profiles(
    configuration: Configuration, name: str | None, schema: str, found: Survey | None
) -> Sequence[Profile]:
    if name is None and found is not None:
        there = (known.store for known in found.facts.values() if isinstance(known, Known))
        return [store.profile for store in there if store and store.profile]
    known = configuration.profiles
    stores = configuration.stores.values()
    named = [choice for choice in stores if choice.is_named and choice.engine is Engine.POSTGRESQL]
    if name is None and named:
        return [choice.placed(schema) for choice in named]
    name = name or DEFAULT
    if name not in known:
        raise UnknownNameError(f"no profile is called {name!r}: there is {', '.join(sorted(known))}")
    return [Choice({name: known[name]}).placed(schema)]


def needed_columns(queries: Mapping[str, Query]) -> dict[str, tuple[str, ...]]:
    """Return by relation, sorted, the columns that any query reads; system catalogues need no grant."""
    found: dict[str, set[str]] = {}
    for needs in (each for query in queries.values() for each in (query.needs, *query.reads)):
        name = needs.relation
        if name is not None and needs.columns and parts(name)[0] not in _SYSTEM_SCHEMAS:
            found.setdefault(relation(name), set()).update(needs.columns)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def unreadable(found: Survey, needed: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return by relation the columns that stay unreadable, as the server that was looked at has them."""
    others: dict[str, set[str]] = {}
    for database in found.databases:
        for written, info in database.relations.items():
            name = relation(written)
            if name in needed:
                others.setdefault(name, set()).update(info.columns.difference(needed[name]))
    return {name: tuple(sorted(columns)) for name, columns in others.items()}
