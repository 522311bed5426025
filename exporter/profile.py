"""Owns the types of a profile: how one server's tables map to the model of `entities`.

A profile's SQL names columns as `{column}` or `{alias.column}`, as timestamptz with `{column:time}` (or the
type of time by name, `{column:epoch}`), its own parameters as `${name}` and the time of the question as
`${now}`. So a column can be renamed, and the columns that are read can be listed, without understanding SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from exporter.engines import Engine
from exporter.entities import RETENTION, Entity, Test, TimeType, TokenKind, TypeClass

_REFERENCE = re.compile(
    r"(?P<parameter>\$)?\{(?:(?P<alias>[A-Za-z_]\w*)\.)?(?P<name>[A-Za-z_]\w*)(?::(?P<time>[a-z_]+))?\}"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A placeholder: a column (of a join when it has an alias), perhaps as a time; or a parameter."""

    name: str
    alias: str = ""
    time: str = ""
    parameter: bool = False

    def __str__(self) -> str:
        alias, time = (f"{self.alias}." if self.alias else ""), (f":{self.time}" if self.time else "")
        return f"{'$' if self.parameter else ''}{{{alias}{self.name}{time}}}"


def references(sql: str) -> Iterator[Reference]:
    """Yield the placeholders of an expression."""
    for match in _REFERENCE.finditer(sql):
        yield _reference(match)


def substitute(sql: str, render: Callable[[Reference], str | None]) -> str:
    """Return `sql` with each placeholder replaced by what `render` makes of it; None leaves it."""

    def one(match: re.Match[str]) -> str:
        text = render(_reference(match))
        return match[0] if text is None else text

    return _REFERENCE.sub(one, sql)


def _reference(match: re.Match[str]) -> Reference:
    return Reference(match["name"], match["alias"] or "", match["time"] or "", bool(match["parameter"]))


@dataclass(frozen=True, slots=True)
class Constant:
    """The same kind for every row."""

    kind: TokenKind


@dataclass(frozen=True, slots=True)
class KindColumn:
    """A column whose text, in lower case, says the kind; what `kinds` does not list is `other`."""

    column: str
    kinds: Mapping[str, TokenKind]


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A bare column, so that indexes and statistics can be used; `otherwise` is the time when it is null."""

    column: str
    type: TimeType
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class TimeExpression:
    """SQL that gives timestamptz."""

    sql: str


@dataclass(frozen=True, slots=True)
class FlagColumn:
    """A bare column and what it has to be."""

    column: str
    test: Test


@dataclass(frozen=True, slots=True)
class PlainColumn:
    """A bare column of text, or of text[] where the field is a list."""

    column: str


@dataclass(frozen=True, slots=True)
class Expression:
    """SQL that gives the field: boolean, text or text[]."""

    sql: str


Time = TimeColumn | TimeExpression
Value = Constant | KindColumn | TimeColumn | TimeExpression | FlagColumn | PlainColumn | Expression


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A table or view, unquoted as the catalogue has it. The schema is empty until it is known."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Join:
    """A left join that finds at most one row: the fields of the source may use its columns."""

    alias: str
    relation: Relation
    on: str


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one entity: a relation, or one arm of it, and an expression for each field it has.

    `time` is what `:time` and bare columns are. `opt_in` is the assumption under which an arm is true; such
    an arm counts nothing unless it is asked for. `fallback_for` names the source that this one stands in for
    when the other's columns are not there.
    """

    entity: Entity
    name: str
    relation: Relation
    fields: Mapping[str, Value]
    time: TimeType = TimeType.TZ
    where: str = ""
    joins: tuple[Join, ...] = ()
    opt_in: str = ""
    fallback_for: str = ""
    engine: Engine = Engine.POSTGRESQL

    @property
    def key(self) -> str:
        """The name by which settings and faults call it, e.g. `tokens.refresh`."""
        return f"{self.entity}.{self.name}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of seconds that the schema does not hold; None means that there is none (never, no limit)."""

    default: float | None
    help: str


@dataclass(frozen=True, slots=True)
class Unobservable:
    """What the schema cannot show: a field (`tokens.revoked_at`), an entity, or a question, and why not.

    `unless` names the opt-in source that shows it after all.
    """

    what: str
    reason: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One server's tables in terms of the model. `secrets` are the columns that no source may read."""

    name: str
    help: str
    path: str
    sources: tuple[Source, ...]
    requirements: Mapping[Relation, Mapping[str, frozenset[TypeClass]]]
    time: TimeType = TimeType.TZ
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    retention: Mapping[Entity, float] = field(default_factory=lambda: RETENTION)
    secrets: Mapping[Relation, frozenset[str]] = field(default_factory=dict)
    unobservable: tuple[Unobservable, ...] = ()
    engine: Engine = Engine.POSTGRESQL

    def of(self, entity: Entity) -> tuple[Source, ...]:
        """Return the sources of an entity; none when the schema does not have it."""
        return tuple(source for source in self.sources if source.entity is entity)

    def relations(self) -> tuple[Relation, ...]:
        """Return every relation that the profile knows, joined ones included, in order."""
        joined = {join.relation for source in self.sources for join in source.joins}
        return tuple(sorted({source.relation for source in self.sources} | joined | self.requirements.keys()))


def texts(value: Value) -> tuple[str, ...]:
    """Return the SQL of a value, placeholders and all; a bare column as its placeholder."""
    match value:
        case Constant():
            return ()
        case Expression(sql) | TimeExpression(sql):
            return (sql,)
        case TimeColumn(column, _, otherwise):
            return (str(Reference(column)), otherwise)
        case _:
            return (str(Reference(value.column)),)


def columns_of(source: Source, *sql: str) -> Iterator[tuple[Relation, str]]:
    """Yield the relation and name of each column that the given expressions of `source` read."""
    relations = {join.alias: join.relation for join in source.joins} | {"": source.relation}
    for text in sql:
        for reference in references(text):
            if not reference.parameter and reference.alias in relations:
                yield relations[reference.alias], reference.name


def columns_read(source: Source) -> Iterator[tuple[Relation, str]]:
    """Yield every column that `source` reads: of its fields, its filter and its joins."""
    yield from columns_of(source, source.where, *(join.on for join in source.joins))
    for value in source.fields.values():
        yield from columns_of(source, *texts(value))


def without(source: Source, name: str) -> Source:
    """Return `source` without one of its fields."""
    return replace(source, fields={key: value for key, value in source.fields.items() if key != name})
