"""Owns which profile fits a database, judged by the names and types of columns; pure, and it reads no row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.engines import Engine
from exporter.entities import FIELDS, TypeClass
from exporter.override import Overrides, merge
from exporter.profile import (
    Profile,
    Relation,
    Source,
    Unobservable,
    columns_of,
    texts,
    without,
)
from exporter.quoting import literal

# The columns of each relation with their types, as format_type writes them; of a domain its base type.
Facts = Mapping[Relation, Mapping[str, str]]

_MOST_NAMED = 8  # tables in one message

_ARRAY = re.compile(r".*\[\]")
_CLASSES: Sequence[tuple[re.Pattern[str], TypeClass]] = [
    (_ARRAY, TypeClass.ARRAY),
    (re.compile(r"text|character( varying)?(\(\d+\))?|bpchar|name|(.+\.)?citext"), TypeClass.TEXT),
    (re.compile(r"timestamp(\(\d\))? without time zone"), TypeClass.TIMESTAMP),
    (re.compile(r"timestamp(\(\d\))? with time zone"), TypeClass.TIMESTAMPTZ),
    (re.compile(r"smallint|integer|bigint"), TypeClass.INTEGER),
    (re.compile(r"numeric(\(.*\))?|double precision|real"), TypeClass.NUMERIC),
    (re.compile(r"boolean"), TypeClass.BOOLEAN),
    (re.compile(r"uuid"), TypeClass.UUID),
    (re.compile(r"jsonb?"), TypeClass.JSON),
]

_FACTS = """\
select
  n.nspname::text as schema,
  c.relname::text as relation,
  a.attname::text as column,
  pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), a.atttypmod) as type
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n
  on n.oid = c.relnamespace
inner join pg_catalog.pg_attribute as a
  on a.attrelid = c.oid
  and a.attnum > 0
  and not a.attisdropped
inner join pg_catalog.pg_type as t
  on t.oid = a.atttypid
where
  c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not c.relispartition
  and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_(toast|temp)'
  and (c.relname = any(array[{names}]::name[]) or c.relname ~* 'token|oauth')
order by n.nspname, c.relname, a.attnum
limit 20000
"""

# SQLite knows neither case in names nor much of types: what was written is read by the rules of its manual,
# "Determination Of Column Affinity", and by what people mean by it, and told in PostgreSQL's words.
_SQLITE_FACTS = """\
select
  'main',
  lower(m.name),
  lower(c.name),
  case
    when c.type like '%timestamp%' or c.type like '%datetime%' then 'timestamp without time zone'
    when c.type like '%int%' then 'integer'
    when c.type like '%char%' or c.type like '%text%' or c.type like '%clob%' then 'text'
    when c.type like '%bool%' then 'boolean'
    when c.type like 'real%' or c.type like '%double%' or c.type like '%float%' then 'real'
    when c.type like 'num%' or c.type like 'dec%' then 'numeric'
    else lower(c.type)
  end
from sqlite_master as m
inner join pragma_table_xinfo(m.name) as c
  on c.hidden <> 1
where
  m.type in ('table', 'view')
  and m.name not like 'sqlite\\_%' escape '\\'
  and (lower(m.name) in ({names}) or m.name like '%token%' or m.name like '%oauth%')
order by m.name, c.cid
limit 20000
"""
_FACTS_SQL = {Engine.POSTGRESQL: _FACTS, Engine.SQLITE: _SQLITE_FACTS}


@dataclass(frozen=True, slots=True)
class Recognition:
    """The profile that fits and the schema it was found in, or neither; `report` says it in words."""

    profile: Profile | None
    schema: str
    report: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A profile held against one schema: how many columns it asks for, and what of them is not there."""

    profile: Profile
    schema: str
    wanted: frozenset[tuple[str, str]]
    lacks: tuple[str, ...]

    @property
    def share(self) -> float:
        return 1 - len(self.lacks) / len(self.wanted)

    @property
    def name(self) -> str:
        return f"{self.profile.name}{f' in schema {self.schema}' if self.schema else ''}"


def facts_sql(profiles: Iterable[Profile], engine: Engine = Engine.POSTGRESQL) -> str:
    """Return the query that reads the facts: the catalogue only, so that a role needs no right on the tables.

    Beside the tables of `profiles` it lists those whose names speak of tokens, for the report.
    """
    names = sorted({relation.name for profile in profiles for relation in profile.relations()})
    return _FACTS_SQL[engine].replace("{names}", ", ".join(map(literal, names)))


def facts_from(rows: Iterable[Sequence[object]]) -> Facts:
    """Return the facts from rows of schema, relation, column and type."""
    found: dict[Relation, dict[str, str]] = {}
    for schema, relation, column, kind in rows:
        found.setdefault(Relation(str(schema), str(relation)), {})[str(column)] = str(kind)
    return found


def type_class(name: str) -> TypeClass:
    """Return the class of a type as format_type writes it."""
    return next((kind for pattern, kind in _CLASSES if pattern.fullmatch(name)), TypeClass.OTHER)


def recognise(profiles: Collection[Profile], facts: Facts, schema: str = "") -> Recognition:
    """Return the one of `profiles` that fits the facts, looked for in `schema` or in all of them.

    A profile fits when every column that its `recognise` names is there and has one of the types given. Of
    two that fit in the same schema the one that asks for all that the other does and more is meant. More than
    one left is an ambiguity, which only the user can resolve.
    """
    schemas = sorted({relation.schema for relation in facts if schema in {"", relation.schema}})
    candidates = [
        _held_against(profile, facts, each)
        for profile in profiles
        for each in (schemas if any(not relation.schema for relation in profile.requirements) else [""])
    ]
    fitting = [candidate for candidate in candidates if not candidate.lacks]
    best = [one for one in fitting if not any(_outdoes(other, one) for other in fitting)]
    if len(best) == 1:
        return Recognition(best[0].profile, best[0].schema, f"{best[0].name} fits")
    if best:
        names = ", ".join(sorted(candidate.name for candidate in best))
        return Recognition(None, "", f"more than one profile fits: {names}; name the profile and the schema")
    return Recognition(None, "", f"{_seen(facts, schema)}; {_nearest(candidates, facts)}")


def fitted(profile: Profile, facts: Facts) -> tuple[Profile, tuple[str, ...]]:
    """Return what of a merged profile the database has, and what of its requirements is missing, in words.

    Sources and fields whose relations or columns are not there are left out, and are unobservable for that
    reason; a source that another stands in for is taken whole or not at all. A profile with anything missing
    should not be used.
    """
    replaceable = {f"{source.entity}.{source.fallback_for}" for source in profile.sources}
    kept: dict[str, Source] = {}
    gone: list[Unobservable] = []
    for source in sorted(profile.sources, key=lambda one: bool(one.fallback_for)):
        if f"{source.entity}.{source.fallback_for}" in kept:
            continue
        if absent := _absent(source, facts, whole=source.key in replaceable):
            gone.append(Unobservable(source.key, f"{absent} is not there"))
            continue
        kept[source.key] = _with_what_is_there(source, facts, gone)
    sources = tuple(kept[source.key] for source in profile.sources if source.key in kept)
    lost = {str(source.entity) for source in profile.sources} - {str(source.entity) for source in sources}
    gone = [replace(one, what=entity) if (entity := one.what.split(".")[0]) in lost else one for one in gone]
    unobservable = tuple({one.what: one for one in (*profile.unobservable, *gone)}.values())
    lacks = tuple(_lacks(profile.requirements, facts))
    return replace(profile, sources=sources, unobservable=unobservable), lacks


def located(profile: Profile, schema: str) -> Profile:
    """Return a profile with the schema of its relations, its parameters put in place: ready for `fitted`."""
    return merge(profile, Overrides(schema=schema))


def _held_against(profile: Profile, facts: Facts, schema: str) -> _Candidate:
    needed = {
        Relation(relation.schema or schema, relation.name): columns
        for relation, columns in profile.requirements.items()
    }
    wanted = frozenset((str(relation), name) for relation, columns in needed.items() for name in columns)
    return _Candidate(profile, schema, wanted, tuple(_lacks(needed, facts)))


def _lacks(needed: Mapping[Relation, Mapping[str, frozenset[TypeClass]]], facts: Facts) -> Iterator[str]:
    """Yield in words each column that is needed and not there, or there with another type."""
    for relation, columns in needed.items():
        there = facts.get(relation, {})
        for name, classes in columns.items():
            types = " or ".join(sorted(classes))
            if name not in there:
                yield f"column {relation}.{name} of type {types}"
            elif classes and type_class(there[name]) not in classes:
                yield f"column {relation}.{name} of type {types} (it is {there[name]})"


def _outdoes(one: _Candidate, other: _Candidate) -> bool:
    return one.wanted > other.wanted


def _seen(facts: Facts, schema: str) -> str:
    names = [str(relation) for relation in sorted(facts) if schema in {"", relation.schema}]
    if not names:
        return f"saw no table of a token store{f' in schema {schema}' if schema else ''}"
    more = len(names) - _MOST_NAMED
    return f"saw tables {', '.join(names[:_MOST_NAMED])}" + (f" and {more} more" if more > 0 else "")


def _nearest(candidates: Sequence[_Candidate], facts: Facts) -> str:
    """Return which profile is nearest and what it lacks; at least one of its tables is there."""
    near = [
        one for one in candidates if any(str(relation) in {t for t, _ in one.wanted} for relation in facts)
    ]
    if not near:
        return "no profile has tables of these names"
    best = max(near, key=lambda one: (one.share, -len(one.lacks)))
    return f"nearest is {best.name}, which lacks {'; '.join(best.lacks[:_MOST_NAMED])}"


def _absent(source: Source, facts: Facts, *, whole: bool) -> str:
    """Return what a source cannot do without and the database does not have; empty when all is there."""
    relations = (source.relation, *(join.relation for join in source.joins))
    if missing := [relation for relation in relations if relation not in facts]:
        return f"table {missing[0]}"
    sql = [source.where, *(join.on for join in source.joins)]
    for name, value in source.fields.items():
        if whole or FIELDS[source.entity][name].required:
            sql.extend(texts(value))
    absent = [f"{on}.{column}" for on, column in columns_of(source, *sql) if column not in facts[on]]
    return f"column {absent[0]}" if absent else ""


def _with_what_is_there(source: Source, facts: Facts, gone: list[Unobservable]) -> Source:
    """Return a source without the fields whose columns are not there, and note those."""
    for name, value in source.fields.items():
        for relation, column in columns_of(source, *texts(value)):
            if column not in facts[relation]:
                gone.append(
                    Unobservable(f"{source.entity}.{name}", f"column {relation}.{column} is not there")
                )
                source = without(source, name)
                break
    return source
