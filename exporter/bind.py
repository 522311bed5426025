"""Owns the way from a profile to SQL: sources as subselects in terms of the model, and the columns they read.

Times come out as timestamptz, or what `dialect` says; flags are never null, absent fields have the value that
`entities.FIELDS` gives them. The result does not depend on the session's time zone, nor on its search_path.
"""

from __future__ import annotations

from collections.abc import Mapping

from exporter.dialect import DIALECTS, Dialect
from exporter.engines import Engine
from exporter.entities import FIELDS, Entity, FieldKind, Test, TimeType, TokenKind
from exporter.profile import (
    Constant,
    Expression,
    FlagColumn,
    KindColumn,
    PlainColumn,
    Profile,
    Reference,
    Relation,
    Source,
    Time,
    TimeColumn,
    TimeExpression,
    Value,
    columns_read,
    substitute,
)
from exporter.quoting import identifier, literal

NOW = "now()"

_TESTS: Mapping[Test, str] = {
    Test.ON: "coalesce(%, false)",
    Test.OFF: "coalesce(not %, false)",
    Test.SET: "(% is not null)",
    Test.UNSET: "(% is null)",
    Test.NONZERO: "(coalesce(%, 0) <> 0)",
    Test.ZERO: "(coalesce(%, 1) = 0)",
}

_KINDS = ", ".join(literal(kind) for kind in TokenKind)
_PKCE = "case when coalesce(%, '') = '' then 'none' when % in ('S256', 'plain') then % else 'other' end"


def in_domain(kind: TimeType, moment: str = NOW, engine: Engine = Engine.POSTGRESQL) -> str | None:
    """Return a `moment` of the model as what a bare column of this type can be compared with by > and <=.

    None for text: its order is not that of time.
    """
    shape = DIALECTS[engine].domain.get(kind)
    return None if shape is None else shape.replace("%", moment)


def column(name: str) -> str:
    """Return the SQL of a bare column of a source, where `source_from` is the FROM clause."""
    return f"t.{identifier(name)}"


def source_from(source: Source) -> str:
    """Return what stands between FROM and WHERE: the relation as `t`, and the joins."""
    joins = (
        f" left join {qualified(join.relation)} as {identifier(join.alias)} on {sql(join.on, source)}"
        for join in source.joins
    )
    return f"{qualified(source.relation)} as t{''.join(joins)}"


def source_where(source: Source, now: str = NOW) -> str:
    """Return the filter of a source, `true` when it has none."""
    return f"({sql(source.where, source, now)})" if source.where else "true"


def timestamptz(time: Time, source: Source, now: str = NOW) -> str:
    """Return a time as the model has it: timestamptz, or to SQLite seconds since 1970."""
    if isinstance(time, TimeExpression):
        return f"({sql(time.sql, source, now)})"
    moment = converted(column(time.column), time.type, source)
    if not time.otherwise:
        return moment
    return f"coalesce({moment}, {sql(time.otherwise, source, now)})"


def sql(text: str, source: Source, now: str = NOW) -> str:
    """Return an expression of a profile with its placeholders put in place."""

    def render(reference: Reference) -> str | None:
        if reference.parameter:
            return now if reference.name == "now" else None
        name = f"{reference.alias or 't'}.{identifier(reference.name)}"
        if not reference.time:
            return name
        return converted(name, source.time if reference.time == "time" else TimeType(reference.time), source)

    return substitute(text, render)


def field_sql(source: Source, name: str, now: str = NOW) -> str:
    """Return the SQL of one field of a source, in the type of the model; a flag is never null."""
    field, dialect = FIELDS[source.entity][name], DIALECTS[source.engine]
    value = source.fields.get(name)
    if value is None:
        return dialect.absent(field.absent)
    plain = _value(value, source, now)
    if field.kind is FieldKind.FLAG and not isinstance(value, FlagColumn):
        return f"coalesce({plain}, {field.absent})"
    if name == "pkce":
        return _PKCE.replace("%", plain)
    if field.kind is FieldKind.KIND and isinstance(value, Expression):
        return f"case when {plain} in ({_KINDS}) then {plain} else 'other' end"
    return plain + dialect.casts.get(field.kind, "")


def source_sql(source: Source, now: str = NOW) -> str:
    """Return a select of all fields of the source's entity, in the order of `entities.FIELDS`."""
    fields = ", ".join(f"{field_sql(source, name, now)} as {name}" for name in FIELDS[source.entity])
    return f"select {fields} from {source_from(source)} where {source_where(source, now)}"


def entity_sql(profile: Profile, entity: Entity, now: str = NOW) -> str | None:
    """Return a select of an entity's rows from all its sources; None when the profile has no source of it."""
    return " union all ".join(source_sql(source, now) for source in profile.of(entity)) or None


def token_states_sql(profile: Profile, now: str = NOW) -> str | None:
    """Return the exact count of tokens as (kind, state, tokens): one pass over each source.

    A token is in one state, the first that is true of revoked, used, expired and active.
    """
    tokens = entity_sql(profile, Entity.TOKENS, now)
    if tokens is None:
        return None
    state = (
        "case when revoked then 'revoked' when used then 'used'"
        f" when expires <= {now} then 'expired' else 'active' end"
    )
    return f"select kind, {state} as state, count(*) as tokens from ({tokens}) as tokens group by 1, 2"


def readable(profile: Profile) -> Mapping[Relation, tuple[str, ...]]:
    """Return the columns of each relation that the profile's sources read: what a role has to be granted."""
    found: dict[Relation, set[str]] = {}
    for source in profile.sources:
        found.setdefault(source.relation, set())
        for relation, name in columns_read(source):
            found.setdefault(relation, set()).add(name)
    return {relation: tuple(sorted(found[relation])) for relation in sorted(found)}


def qualified(relation: Relation) -> str:
    """Return the name of a relation as SQL writes it.

    Raises:
        ValueError: its schema is not known; sessions have no search_path to find it by.
    """
    if not relation.schema:
        raise ValueError(f"the schema of {relation.name} is not known")
    return f"{identifier(relation.schema)}.{identifier(relation.name)}"


def converted(name: str, kind: TimeType, source: Source) -> str:
    """Return what a column stores, a time of this type, as the model has it."""
    return DIALECTS[source.engine].converted[kind].replace("%", name)


def _value(value: Value, source: Source, now: str) -> str:
    match value:
        case Constant(kind):
            return literal(kind)
        case KindColumn():
            return _kind(value, DIALECTS[source.engine])
        case TimeColumn() | TimeExpression():
            return timestamptz(value, source, now)
        case FlagColumn(name, test):
            return _TESTS[test].replace("%", column(name))
        case PlainColumn(name):
            return column(name)
        case Expression(text):
            return f"({sql(text, source, now)})"


def _kind(value: KindColumn, dialect: Dialect) -> str:
    arms: dict[TokenKind, list[str]] = {}
    for text, kind in value.kinds.items():
        arms.setdefault(kind, []).append(dialect.literal(text))
    written = dialect.lower.replace("%", column(value.column))
    cases = "".join(f" when {written} in ({', '.join(found)}) then '{kind}'" for kind, found in arms.items())
    return f"case{cases} else '{TokenKind.OTHER}' end"
