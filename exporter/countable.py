"""Owns the token sources of a profile in the terms of counting by blocks, and what that has to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter import bind, entities
from exporter.counting import Moment, TimeType, TokenSource
from exporter.derive.token_counts import SHORT
from exporter.entities import Entity, Test
from exporter.model import Needs
from exporter.profile import (
    Constant,
    Expression,
    FlagColumn,
    Join,
    KindColumn,
    Profile,
    Relation,
    Source,
    TimeColumn,
    TimeExpression,
    columns_of,
    texts,
)
from exporter.quoting import identifier

# The fields of the model that counting reads.
COUNTED_FIELDS = ("kind", "expires", "revoked", "used", "issued")
_HORIZON = 3600  # seconds; who expires sooner is counted apart
# What the column of a live token is.
_NULLNESS = {Test.SET: "IS NULL", Test.UNSET: "IS NOT NULL"}
_TIMES = {time: TimeType(time.value) for time in entities.TimeType if time.value in list(TimeType)}
# Pages that may be passed over for each row drawn, where no index leads to what is joined.
_SMALL = 10


def countable(profile: Profile) -> tuple[Source, ...]:
    """Return the token sources that blocks can be drawn from: those that say when a token expires."""
    return tuple(source for source in profile.of(Entity.TOKENS) if _moment(source, "expires") is not None)


def needs_of(source: Source) -> Iterator[Needs]:
    """Yield what a role has to be able to read, by relation: to draw blocks, the column ctid too.

    What is joined is searched for each row that is drawn, so an index has to lead to it.
    """
    found: dict[str, set[str]] = {bind.qualified(source.relation): {"ctid"}}
    for relation, name in _columns(source):
        found.setdefault(bind.qualified(relation), set()).add(name)
    joined = {
        bind.qualified(relation): name
        for join in source.joins
        for relation, name in columns_of(source, join.on)
        if relation == join.relation
    }
    for each, columns in found.items():
        searched = frozenset({joined[each]} if each in joined else ())
        limit = _SMALL if searched else None
        yield Needs(relation=each, columns=tuple(sorted(columns)), max_pages=limit, searched=searched)


def _columns(source: Source) -> Iterator[tuple[Relation, str]]:
    values = (source.fields.get(name) for name in COUNTED_FIELDS)
    sql = [text for value in values if value is not None for text in texts(value)]
    yield from columns_of(source, source.where, *(join.on for join in source.joins), *sql)


def described(source: Source, lifetimes: Mapping[str, float]) -> TokenSource:
    """Return a source of a profile as counting wants it.

    Kinds that live no longer than `SHORT` are counted by an index, the end of the table or their arrivals.
    """
    expires = _moment(source, "expires")
    assert expires is not None, "only countable sources are described"  # noqa: S101
    used = source.fields.get("used")
    return TokenSource(
        relation=bind.qualified(source.relation),
        kind=bind.field_sql(source, "kind"),
        expires=expires,
        revoked=bind.field_sql(source, "revoked"),
        used=None if used is None else bind.field_sql(source, "used"),
        issued=_moment(source, "issued"),
        index_conditions=tuple(_live_conditions(source)),
        where=bind.source_where(source),
        joins="".join(_join(source, join) for join in source.joins),
        kinds=_kinds(source),
        lifetimes={kind: round(seconds) for kind, seconds in lifetimes.items()},
        horizon=max([_HORIZON, *(round(each) for each in lifetimes.values() if each <= SHORT)]),
    )


def _join(source: Source, join: Join) -> str:
    """Return a join that searches the other relation for each row, whatever the planner thinks of it."""
    relation, alias = bind.qualified(join.relation), identifier(join.alias)
    read = {name for other, name in _columns(source) if other == join.relation}
    columns = ", ".join(f"{alias}.{identifier(name)}" for name in sorted(read))
    on = bind.sql(join.on, source)
    found = f"SELECT {columns} FROM {relation} AS {alias} WHERE {on} OFFSET 0"
    return f" LEFT JOIN LATERAL ({found}) AS {alias} ON true"


def _live_conditions(source: Source) -> Iterator[str]:
    """Yield the conditions of partial indexes that hold for all live tokens, as the server prints them.

    Of a boolean column none does: where it is null the token is live, and not in the index.
    """
    for name in ("revoked", "used"):
        flag = source.fields.get(name)
        if isinstance(flag, FlagColumn) and flag.test in _NULLNESS:
            yield f"({identifier(flag.column)} {_NULLNESS[flag.test]})"


def _kinds(source: Source) -> tuple[str, ...]:
    """Return the kinds that a source can have; what is none of them counts as the last."""
    match source.fields["kind"]:
        case Constant(kind):
            return (str(kind),)
        case KindColumn(_, kinds):
            return (*dict.fromkeys(map(str, kinds.values())), "other")
        case Expression():
            return ("access", "refresh", "id", "device", "offline", "other")
        case _:
            return ("other",)


def _moment(source: Source, name: str) -> Moment | None:
    time = source.fields.get(name)
    if isinstance(time, TimeColumn) and not time.otherwise and time.type in _TIMES:
        return Moment(bind.column(time.column), _TIMES[time.type], column=time.column)
    if isinstance(time, TimeColumn | TimeExpression):
        return Moment(bind.timestamptz(time, source), TimeType.TZ)
    return None
