"""Owns what a user changes about a profile: names, expressions, parameters, retention; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from exporter.dialect import DIALECTS
from exporter.document import suggestion
from exporter.entities import FIELDS, Entity, FieldKind, TimeType, TypeClass
from exporter.errors import ConfigError, Fault
from exporter.profile import (
    Expression,
    FlagColumn,
    Join,
    KindColumn,
    PlainColumn,
    Profile,
    Reference,
    Relation,
    Source,
    TimeColumn,
    TimeExpression,
    Value,
    columns_read,
    substitute,
)
from exporter.profile_source import complaints
from exporter.quoting import parts

_CLASSES = {
    TimeType.TZ: TypeClass.TIMESTAMPTZ,
    TimeType.NAIVE_UTC: TypeClass.TIMESTAMP,
    TimeType.EPOCH: TypeClass.INTEGER,
    TimeType.EPOCH_MS: TypeClass.INTEGER,
    TimeType.TEXT_ISO: TypeClass.TEXT,
}
_TIMES = frozenset(_CLASSES.values())


@dataclass(frozen=True, slots=True)
class Overrides:
    """A user's changes. Tables and columns are named as the profile names them.

    `tables`: to a name, which may have a schema of its own. `columns`: of a table, old name to new.
    `expressions`: SQL for a field named `entity.source.field`; for a time it gives timestamptz. `time`: in
    place of the profile's. `parameters` and `retention` in seconds; a parameter that is None is none (never,
    no limit). `sources`: the opt-in sources to use, as `entity.source`.
    """

    schema: str = ""
    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    expressions: Mapping[str, str] = field(default_factory=dict)
    time: TimeType | None = None
    parameters: Mapping[str, float | None] = field(default_factory=dict)
    retention: Mapping[Entity, float] = field(default_factory=dict)
    sources: Collection[str] = ()


def merge(profile: Profile, overrides: Overrides, where: str = "profile") -> Profile:
    """Return `profile` with a user's changes, its parameters put in place, unwanted opt-in sources left out.

    What comes out is ready for `recognise.fitted` and, once its schema is known, for `bind`.

    Raises:
        ConfigError: an override names what the profile does not have, or reads a secret; `where` says where
        it stands.
    """
    faults = [*_unknown(profile, overrides, where)]
    sources = tuple(
        _source(source, profile, overrides)
        for source in profile.sources
        if not source.opt_in or source.key in overrides.sources
    )
    merged = replace(
        profile,
        sources=sources,
        time=overrides.time or profile.time,
        retention={**profile.retention, **overrides.retention},
        requirements=_requirements(profile, overrides),
        secrets={
            _relation(relation, overrides): frozenset(_column(relation, name, overrides) for name in names)
            for relation, names in profile.secrets.items()
        },
        unobservable=tuple(one for one in profile.unobservable if one.unless not in overrides.sources),
    )
    faults += [
        Fault(where, f"expressions.{source.key}.{name}", problem, remedy)
        for source in profile.sources
        for name in FIELDS[source.entity]
        for problem, remedy in complaints(
            overrides.expressions.get(f"{source.key}.{name}", ""), source, profile.parameters
        )
    ]
    faults += [Fault(where, f"expressions.{key}", problem) for key, problem in secrets_read(merged)]
    if faults:
        raise ConfigError(faults)
    return merged


def secrets_read(profile: Profile) -> list[tuple[str, str]]:
    """Return each source that reads a secret column, by key, and what is wrong with that."""
    return [
        (source.key, f"reads {relation}.{name}, which holds a secret")
        for source in profile.sources
        for relation, name in sorted(set(columns_read(source)))
        if name in profile.secrets.get(relation, ())
    ]


def _unknown(profile: Profile, overrides: Overrides, where: str) -> list[Fault]:
    """Return a fault for everything that an override names and the profile does not have."""
    tables: dict[str, set[str]] = {relation.name: set() for relation in profile.relations()}
    for source in profile.sources:
        for relation, name in columns_read(source):
            tables[relation.name].add(name)
    for relation, names in (*profile.requirements.items(), *profile.secrets.items()):
        tables.setdefault(relation.name, set()).update(names)
    fields = {f"{source.key}.{name}" for source in profile.sources for name in FIELDS[source.entity]}
    opt_in = {source.key for source in profile.sources if source.opt_in}
    checks: list[tuple[str, Collection[str], Collection[str]]] = [
        ("tables", overrides.tables, tables),
        ("columns", overrides.columns, tables),
        ("expressions", overrides.expressions, fields),
        ("parameters", overrides.parameters, profile.parameters),
        ("sources", overrides.sources, opt_in),
    ]
    checks += [(f"columns.{table}", new, tables.get(table, new)) for table, new in overrides.columns.items()]
    return [
        Fault(
            where, f"{group}.{name}", f"the profile {profile.name} does not have it", suggestion(name, known)
        )
        for group, names, known in checks
        for name in names
        if name not in known
    ]


def _relation(relation: Relation, overrides: Overrides) -> Relation:
    new = parts(overrides.tables.get(relation.name, relation.name))
    return (
        Relation(relation.schema or overrides.schema, new[0]) if len(new) == 1 else Relation(new[0], new[1])
    )


def _column(relation: Relation, name: str, overrides: Overrides) -> str:
    return overrides.columns.get(relation.name, {}).get(name, name)


def _requirements(
    profile: Profile, overrides: Overrides
) -> Mapping[Relation, Mapping[str, frozenset[TypeClass]]]:
    def allowed(classes: frozenset[TypeClass]) -> frozenset[TypeClass]:
        return classes | {_CLASSES[overrides.time]} if overrides.time and classes & _TIMES else classes

    return {
        _relation(relation, overrides): {
            _column(relation, name, overrides): allowed(classes) for name, classes in columns.items()
        }
        for relation, columns in profile.requirements.items()
    }


def _source(source: Source, profile: Profile, overrides: Overrides) -> Source:
    """Return a source with its names and parameters as the user has them."""
    change = _Change(source, profile, overrides)
    fields = {name: change.value(value) for name, value in source.fields.items()}
    for name, one in FIELDS[source.entity].items():
        if text := overrides.expressions.get(f"{source.key}.{name}"):
            shape = TimeExpression if one.kind is FieldKind.TIME else Expression
            fields[name] = shape(substitute(text, change.parameter))
    return replace(
        source,
        relation=_relation(source.relation, overrides),
        fields=fields,
        time=change.time(source.time),
        where=change.sql(source.where),
        joins=tuple(
            Join(join.alias, _relation(join.relation, overrides), change.sql(join.on))
            for join in source.joins
        ),
    )


class _Change:
    """What the overrides make of the SQL of one source."""

    def __init__(self, source: Source, profile: Profile, overrides: Overrides) -> None:
        self._relations = {join.alias: join.relation for join in source.joins} | {"": source.relation}
        self._profile, self._overrides = profile, overrides

    def value(self, value: Value) -> Value:
        match value:
            case TimeColumn(column, kind, otherwise):
                return TimeColumn(self.name(column), self.time(kind), self.sql(otherwise))
            case TimeExpression(text):
                return TimeExpression(self.sql(text))
            case Expression(text):
                return Expression(self.sql(text))
            case KindColumn() | FlagColumn() | PlainColumn():
                return replace(value, column=self.name(value.column))
            case _:
                return value

    def name(self, column: str, alias: str = "") -> str:
        return _column(self._relations[alias], column, self._overrides)

    def time(self, kind: TimeType) -> TimeType:
        return self._overrides.time or kind if kind is self._profile.time else kind

    def sql(self, text: str) -> str:
        return substitute(text, self._rendered)

    def _rendered(self, reference: Reference) -> str | None:
        if reference.parameter:
            return self.parameter(reference)
        if reference.alias not in self._relations:
            return None
        name = self.name(reference.name, reference.alias)
        return str(replace(reference, name=name))

    def parameter(self, reference: Reference) -> str | None:
        """Return the interval that a parameter stands for; None for what is no parameter of the profile."""
        known = self._profile.parameters
        if not reference.parameter or reference.name not in known:
            return None
        seconds = self._overrides.parameters.get(reference.name, known[reference.name].default)
        dialect = DIALECTS[self._profile.engine]
        return dialect.unset if seconds is None else dialect.interval.replace("%", f"{seconds:.3f}")
