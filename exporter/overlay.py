r"""Owns queries over token stores: the placeholders in their SQL, and what a profile puts there; pure.

In the SQL of a query with `over: [tokens]`
    :tokens             is a subselect with the entity's fields that the SQL speaks of,
    :tokens_retention   the interval for which a row may stay after its end,
    :tokens_relations   the relations it is made of, as regclass[].
They are written like psql's variables, so that the file still runs under psql after \set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from exporter.bind import field_sql, qualified, source_from, source_where
from exporter.entities import FIELDS, RETENTION, Entity
from exporter.model import Needs, Query, Skip, SkipReason
from exporter.profile import Profile, Source, columns_of, texts
from exporter.quoting import literal

# A colon that is not part of a cast, and a name.
_PLACEHOLDER = re.compile(r"(?<!:):(?P<name>[a-z_]+)\b")
_WORD = re.compile(r"\w+")


def bound(query: Query, profile: Profile) -> Query | Skip:
    """Return `query` in terms of the tables of `profile`, or why that cannot be."""
    for name in query.over:
        if not profile.of(Entity(name)):
            return Skip(SkipReason.RELATION, f"the profile {profile.name} has no {name}")
    texts = {key: text for name in query.over for key, text in _texts(query, Entity(name), profile).items()}
    return replace(
        query,
        variants=tuple((floor, _filled(sql, texts)) for floor, sql in query.variants),
        reads=_reads(query, profile),
    )


def placeholders(sql: str) -> frozenset[str]:
    """Return the names that stand as placeholders in an SQL text."""
    return frozenset(match["name"] for match in _PLACEHOLDER.finditer(sql))


def _filled(sql: str, texts: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: texts.get(match["name"], match[0]), sql)


def _texts(query: Query, entity: Entity, profile: Profile) -> Mapping[str, str]:
    retention = profile.retention.get(entity, RETENTION.get(entity, 0.0))
    names = sorted({qualified(source.relation) for source in profile.of(entity)})
    regclasses = ", ".join(f"{literal(name)}::pg_catalog.regclass" for name in names)
    return {
        str(entity): f"({' union all '.join(_rows(query, source) for source in profile.of(entity))})",
        f"{entity}_retention": f"interval '{retention:.0f} seconds'",
        f"{entity}_relations": f"array[{regclasses}]",
    }


def _rows(query: Query, source: Source) -> str:
    fields = ", ".join(f"{field_sql(source, name)} as {name}" for name in _fields(query, source.entity))
    return f"select {fields} from {source_from(source)} where {source_where(source)}"


def _fields(query: Query, entity: Entity) -> list[str]:
    """Return the fields of an entity that the query speaks of: a role needs rights on their columns only."""
    words = {word for _, sql in query.variants for word in _WORD.findall(sql)}
    return [name for name in FIELDS[entity] if name in words] or [next(iter(FIELDS[entity]))]


def _reads(query: Query, profile: Profile) -> tuple[Needs, ...]:
    found: dict[str, set[str]] = {}
    for source in profile.sources:
        if str(source.entity) not in query.over:
            continue
        found.setdefault(qualified(source.relation), set())
        values = (source.fields.get(name) for name in _fields(query, source.entity))
        sql = [text for value in values if value is not None for text in texts(value)]
        for relation, name in columns_of(source, source.where, *(join.on for join in source.joins), *sql):
            found.setdefault(qualified(relation), set()).add(name)
    return tuple(
        Needs(relation=relation, columns=tuple(sorted(columns)), max_pages=query.needs.max_pages)
        for relation, columns in sorted(found.items())
    )
