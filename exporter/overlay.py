r"""Owns the placeholders in SQL, and what a profile or a database puts there; pure.

:extension_schema is the schema of the extension that a query needs.
In the SQL of a query with `over: [tokens]` (or `over_any`, of which one entity is enough)
    :tokens                     is a subselect with the entity's fields that the SQL speaks of,
    :tokens_issued_within_11m   the same, of rows whose time is that long ago or later,
    :tokens_issued_within_24h_or_5m
                                the same, of the shorter time where the table is large,
    :tokens_or_expires_next_24h
                                the entity in full; of a large table what is that far ahead, see `ranges`,
                                and with them the column known_until, which is null where all are read,
    :tokens_in_full             whether all are read there,
    :tokens_retention           the interval for which a row may stay after its end,
    :tokens_relations           the relations that hold the rows, as regclass[],
    :tokens_has_used            whether the store shows a field,
    :tokens_kinds               the kinds of tokens it always has,
    :tokens_kinds_with_used     those of them that show a field.
They are written like psql's variables, so that the file still runs under psql after \set.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from exporter import bind, ranges
from exporter.countable import countable, needs_of
from exporter.counter import ESTIMATE_EVERY, ESTIMATE_TIMEOUT
from exporter.dialect import DIALECTS, in_engine
from exporter.duration import parse_duration
from exporter.entities import FIELDS, RETENTION, Entity
from exporter.model import DatabaseInfo, Needs, Query, Skip, SkipReason
from exporter.profile import (
    Constant,
    KindColumn,
    Profile,
    Source,
    TimeColumn,
    columns_of,
    texts,
)
from exporter.quoting import identifier

# A colon that is not part of a cast, and a name.
_PLACEHOLDER = re.compile(r"(?<![:\w]):(?P<name>[a-z][a-z0-9_]*)")
EXTENSION_SCHEMA = "extension_schema"
_WORD = re.compile(r"\w+")
_COMMENT = re.compile(r"--[^\n]*")
_SHAPE = re.compile(
    rf"(?P<entity>{'|'.join(Entity)})"
    r"(?:_(?P<what>retention|relations|kinds|in_full)|_has_(?P<has>\w+)|_kinds_with_(?P<kinds_with>\w+)"
    r"|_(?P<time>\w+)_within_(?P<within>\d+[a-z]+)(?:_or_(?P<less>\d+[a-z]+))?"
    r"|_or_(?P<ahead>\w+)_next_(?P<next>\d+[a-z]+))?"
)
# Rows of so many seconds are few enough to be read by an index, however large the table is.
_SHORT = 900.0
# What stands for a field that a store without the entity has no row for.
_TYPED = {"expires": "null::timestamptz"} | dict.fromkeys(("kind", "id", "state", "version"), "null::text")


def bound(
    query: Query, profile: Profile, left_out: Collection[Entity] = (), *, is_large: bool = False
) -> Query | Skip:
    """Return `query` in terms of the tables of `profile`, or why that cannot be.

    `left_out` are entities that may not be read, or are too large to be. Where tables are larger than the
    query reads in full, `is_large`, the shorter times count.
    """
    if isinstance(spoken := in_engine(query, profile.engine), Skip):
        return spoken
    query = spoken
    there = [name for name in query.over if profile.of(Entity(name)) and name not in left_out]
    missing = [name for name in query.over if not profile.of(Entity(name))]
    if missing and (not query.over_any or not there):
        return Skip(SkipReason.PROFILE, f"the profile {profile.name} has no {', '.join(missing)}")
    hidden = [name for name in query.shows if not _is_shown(name, profile)]
    if hidden:
        return Skip(SkipReason.PROFILE, f"the profile {profile.name} does not show {', '.join(hidden)}")
    place = _Place(query, profile, frozenset(there), is_large)
    return replace(
        query,
        variants=tuple((floor, place.filled(sql)) for floor, sql in query.variants),
        reads=tuple(
            needs for name in there for needs in reads(query, profile, Entity(name), is_large=is_large)
        ),
    )


def in_schema(query: Query, database: DatabaseInfo) -> Query:
    """Return `query` with the schema in which this database keeps the extension that it needs."""
    extension = database.extensions.get(query.needs.extension or "")
    if extension is None:
        return query

    def filled(match: re.Match[str]) -> str:
        return identifier(extension.schema) if match["name"] == EXTENSION_SCHEMA else match[0]

    variants = tuple((floor, _PLACEHOLDER.sub(filled, sql)) for floor, sql in query.variants)
    return replace(query, variants=variants)


def _is_shown(name: str, profile: Profile) -> bool:
    entity, _, field = name.partition(".")
    return any(field in source.fields for source in profile.of(Entity(entity)))


def reads(query: Query, profile: Profile, entity: Entity, *, is_large: bool = False) -> tuple[Needs, ...]:
    """Return what a role has to be able to read of an entity for `query`, by relation."""
    found: dict[str, set[str]] = {}
    in_steps = is_large and any(shape["ahead"] for shape in _shapes(query, entity))
    searched = _searched(query, profile, entity)
    for source in profile.of(entity):
        found.setdefault(bind.qualified(source.relation), set()).update(("ctid",) if in_steps else ())
        sql = _expressions(source, _fields(query, entity))
        for relation, name in columns_of(source, source.where, *(join.on for join in source.joins), *sql):
            found.setdefault(bind.qualified(relation), set()).add(name)
    return tuple(
        Needs(
            relation=relation,
            columns=tuple(sorted(columns)),
            max_pages=ranges.SMALL if in_steps else query.needs.max_pages,
            searched=searched.get(relation, frozenset()),
        )
        for relation, columns in sorted(found.items())
    )


def _searched(query: Query, profile: Profile, entity: Entity) -> dict[str, frozenset[str]]:
    """Return by relation the columns by which the query finds what it reads; none where it reads all.

    A join may read the other relation in full, so a source with one is not searched.
    """
    found: dict[str, set[str] | None] = {}
    chosen = tuple(_ranges(query, entity))
    for source in profile.of(entity):
        columns: set[str] | None = set()
        for name, seconds in chosen:
            time = source.fields.get(name)
            if seconds > _SHORT or source.joins or (time is not None and not ranges.is_plain(time)):
                columns = None
                break
            if isinstance(time, TimeColumn) and columns is not None:
                columns.add(time.column)
        relation = bind.qualified(source.relation)
        before = found.get(relation, set())
        found[relation] = None if columns is None or before is None else before | columns
    return {relation: frozenset(columns or ()) for relation, columns in found.items()}


def _ranges(query: Query, entity: Entity) -> Iterator[tuple[str, float]]:
    """Yield each time by which the query chooses rows of an entity, and the least seconds that go back."""
    for shape in _shapes(query, entity):
        within = shape["less"] or shape["within"] or ("0s" if shape["ahead"] else None)
        yield _time(shape), parse_duration(within) if within else math.inf


def _shapes(query: Query, entity: Entity) -> Iterator[re.Match[str]]:
    """Yield the placeholders that stand for rows of an entity."""
    for _, sql in query.variants:
        for match in _PLACEHOLDER.finditer(_COMMENT.sub("", sql)):
            shape = _SHAPE.fullmatch(match["name"])
            about = shape and (shape["what"] or shape["has"] or shape["kinds_with"])
            if shape and shape["entity"] == entity and not about:
                yield shape


def _time(shape: re.Match[str]) -> str:
    return shape["time"] or shape["ahead"] or ""


def _expressions(source: Source, fields: Iterable[str]) -> list[str]:
    values = (source.fields.get(name) for name in fields)
    return [text for value in values if value is not None for text in texts(value)]


def estimated(query: Query, profile: Profile) -> Query | None:
    """Return a `counted` query as it runs where the tokens are too many to be read; None where it cannot.

    Each source that blocks can be drawn from is counted.
    """
    sources = countable(profile)
    if not query.counted or not sources:
        return None
    return replace(
        query,
        every=max(query.every, ESTIMATE_EVERY),
        timeout=ESTIMATE_TIMEOUT,
        variants=((0, ""),),
        reads=tuple(needs for source in sources for needs in needs_of(source)),
        estimated=True,
    )


def unknown_placeholders(query: Query) -> Iterator[str]:
    """Yield what looks like a placeholder in the SQL of `query` and stands for nothing.

    Only over a token store every colon is looked at: elsewhere it may be the slice of an array.
    """
    for sql in (*(sql for _, sql in query.variants), *query.dialects.values()):
        for match in _PLACEHOLDER.finditer(_COMMENT.sub("", sql)):
            shape = _SHAPE.fullmatch(match["name"])
            if match["name"] == EXTENSION_SCHEMA:
                is_known = query.needs.extension is not None
            else:
                is_known = not query.over or (shape is not None and shape["entity"] in query.over)
            if not is_known:
                yield match["name"]


def _fields(query: Query, entity: Entity) -> list[str]:
    """Return the fields of an entity that the query reads: a role needs rights on their columns only."""
    shapes = [*_shapes(query, entity)]
    words = {word for _, sql in query.variants for word in _WORD.findall(_COMMENT.sub("", sql))}
    words.update(_time(shape) for shape in shapes)
    # A subselect has to have some field, also when the rows are only counted.
    found = [name for name in FIELDS[entity] if name in words] or [next(iter(FIELDS[entity]))]
    return found if shapes else []


@dataclass(frozen=True, slots=True)
class _Place:
    """What fills the placeholders of one query."""

    query: Query
    profile: Profile
    there: frozenset[str]
    is_large: bool

    def filled(self, sql: str) -> str:
        return _PLACEHOLDER.sub(lambda match: self._value(match["name"]) or match[0], sql)

    def _value(self, name: str) -> str | None:
        shape = _SHAPE.fullmatch(name)
        if shape is None or shape["entity"] not in self.query.over:
            return None
        entity = Entity(shape["entity"])
        sources = self.profile.of(entity) if entity in self.there else ()
        if shape["what"]:
            return self._about(shape["what"], entity, sources)
        if shape["has"]:
            return str(any(shape["has"] in source.fields for source in sources)).lower()
        if shape["kinds_with"]:
            return self._kinds([source for source in sources if shape["kinds_with"] in source.fields])
        if shape["ahead"]:
            return f"({self._ahead(entity, sources, shape)})"
        within = (self.is_large and shape["less"]) or shape["within"]
        arms = [self._arm(source, shape["time"], within) for source in sources]
        return f"({' union all '.join(arms) or self._none(entity)})"

    def _about(self, what: str, entity: Entity, sources: Collection[Source]) -> str:
        if what == "retention":
            seconds = self.profile.retention.get(entity, RETENTION.get(entity, 0.0))
            return DIALECTS[self.profile.engine].interval.replace("%", f"{seconds:.0f}")
        if what == "kinds":
            return self._kinds(sources)
        if what == "in_full":
            return str(not self.is_large).lower()
        names = sorted({bind.qualified(source.relation) for source in sources})
        return DIALECTS[self.profile.engine].relations(names)

    def _arm(self, source: Source, field: str | None, duration: str | None) -> str:
        names = _fields(self.query, source.entity)
        listed = ", ".join(f"{bind.field_sql(source, name)} as {name}" for name in names)
        rows = f"select {listed} from {bind.source_from(source)} where {bind.source_where(source)}"
        if field is None or duration is None:
            return rows
        return f"{rows} and {ranges.since(source, field, parse_duration(duration))}"

    def _ahead(self, entity: Entity, sources: Collection[Source], shape: re.Match[str]) -> str:
        names, seconds = _fields(self.query, entity), parse_duration(shape["next"])
        if self.is_large:
            return " union all ".join(
                ranges.ahead(source, shape["ahead"], names, seconds, len(sources)) for source in sources
            )
        rows = " union all ".join(self._arm(source, None, None) for source in sources) or self._none(entity)
        known = DIALECTS[self.profile.engine].absent("null::timestamptz")
        return f"select *, {known} as known_until from ({rows}) as read_in_full"

    def _none(self, entity: Entity) -> str:
        fields = FIELDS[entity]
        dialect = DIALECTS[self.profile.engine]
        names = _fields(self.query, entity)
        values = ((name, dialect.absent(fields[name].absent or _TYPED[name])) for name in names)
        return f"select {', '.join(f'{value} as {name}' for name, value in values)} where false"

    def _kinds(self, sources: Collection[Source]) -> str:
        kinds: dict[str, None] = {}
        for source in sources:
            match source.fields["kind"]:
                case Constant(kind):
                    kinds[kind] = None
                case KindColumn(_, written):
                    kinds |= dict.fromkeys(kind for kind in written.values() if kind in {"access", "refresh"})
                case _:
                    pass
        return DIALECTS[self.profile.engine].texts(kinds)
