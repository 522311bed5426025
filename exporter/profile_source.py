"""Owns the sources in a profile's file: what may stand in one, and what it means."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from exporter.document import Document, KeyPath, suggestion
from exporter.entities import FIELDS, Entity, FieldKind, Test, TimeType, TokenKind
from exporter.errors import Fault
from exporter.profile import (
    Constant,
    Expression,
    FlagColumn,
    Join,
    KindColumn,
    Parameter,
    PlainColumn,
    Relation,
    Source,
    TimeColumn,
    TimeExpression,
    Value,
    references,
    texts,
)
from exporter.section import Section
from exporter.statement import statement

_COLUMN = r"[A-Za-z_]\w*"
_NAME = r"[a-z_]\w*"
_KEYS = ("relation", "where", "joins", "time", "opt_in", "fallback_for")
_FORMS: Mapping[FieldKind, tuple[str, ...]] = {
    FieldKind.KIND: ("column", "values", "sql"),
    FieldKind.TIME: ("column", "time", "otherwise", "sql"),
    FieldKind.FLAG: ("column", "is", "sql"),
    FieldKind.TEXT: ("sql",),
    FieldKind.LIST: ("sql",),
}


def at(document: Document, path: KeyPath) -> object:
    """Return what stands at `path`, None for nothing."""
    value = document.value
    for part in path:
        value = value.get(str(part)) if isinstance(value, dict) else None
    return value


def read(
    document: Document,
    head: Section,
    time: TimeType,
    parameters: Mapping[str, Parameter],
    faults: list[Fault],
) -> tuple[Source, ...]:
    """Return all sources of a profile, and note every fault of them."""
    found = []
    for entity in Entity:
        names = head.keys(entity)
        for name in names:
            reader = _Reader(document, (str(entity), name), time, faults)
            source = reader.source(entity, name)
            reader.check(source, parameters)
            if source.fallback_for and source.fallback_for not in names:
                reader.fault("fallback_for", "is no source here", suggestion(source.fallback_for, names))
            found.append(source)
    return tuple(found)


class _Reader:
    """Reads one source; `time` is the profile's until the source gives its own."""

    def __init__(self, document: Document, path: KeyPath, time: TimeType, faults: list[Fault]) -> None:
        self._document, self._path, self._time, self._faults = document, path, time, faults

    def fault(self, key: str, problem: str, remedy: str = "") -> None:
        path = (*self._path, *(key.split(".") if key else ()))
        self._faults.append(self._document.fault(path, problem, remedy))

    def source(self, entity: Entity, name: str) -> Source:
        fields = FIELDS[entity]
        section = Section(self._document, self._path, (*_KEYS, *fields), self._faults)
        section.require("relation", *(key for key, field in fields.items() if field.required))
        self._time = section.choice("time", TimeType) or self._time
        values = {key: self._value(section, key, field.kind) for key, field in fields.items()}
        return Source(
            entity=entity,
            name=name,
            relation=Relation("", section.text("relation") or ""),
            fields={key: value for key, value in values.items() if value is not None},
            time=self._time,
            where=section.text("where") or "",
            joins=tuple(self._join(alias) for alias in section.keys("joins")),
            opt_in=section.text("opt_in") or "",
            fallback_for=section.text("fallback_for") or "",
        )

    def _join(self, alias: str) -> Join:
        section = Section(self._document, (*self._path, "joins", alias), ("relation", "on"), self._faults)
        section.require("relation", "on")
        if alias == "t":
            self.fault("joins.t", "is the alias of the source's own relation", "choose another")
        return Join(alias, Relation("", section.text("relation") or ""), section.text("on") or "")

    def _value(self, section: Section, key: str, kind: FieldKind) -> Value | None:
        path = (*self._path, key)
        if isinstance(at(self._document, path), dict):
            return self._form(Section(self._document, path, _FORMS[kind], self._faults), key, kind)
        if kind is FieldKind.KIND:
            constant = section.choice(key, TokenKind)
            return Constant(constant) if constant else None
        column = section.text(key, _COLUMN, "the name of a column; SQL is written as {sql: ...}")
        return self._bare(column, kind) if column else None

    def _bare(self, column: str, kind: FieldKind) -> Value:
        match kind:
            case FieldKind.TIME:
                return TimeColumn(column, self._time)
            case FieldKind.FLAG:
                return FlagColumn(column, Test.ON)
            case _:
                return PlainColumn(column)

    def _form(self, section: Section, key: str, kind: FieldKind) -> Value | None:
        sql = section.text("sql")
        if sql:
            for other in set(_FORMS[kind]) - {"sql"}:
                if section.has(other):
                    section.fault(other, "does not go with sql")
            return TimeExpression(sql) if kind is FieldKind.TIME else Expression(sql)
        column = section.text("column", _COLUMN, "the name of a column") if "column" in _FORMS[kind] else None
        if not column:
            self.fault(key, "names neither a column nor sql")
            return None
        match kind:
            case FieldKind.TIME:
                time = section.choice("time", TimeType) or self._time
                return TimeColumn(column, time, section.text("otherwise") or "")
            case FieldKind.FLAG:
                section.require("is")
                return FlagColumn(column, section.choice("is", Test) or Test.ON)
            case _:
                return KindColumn(column, self._kinds(key))

    def _kinds(self, key: str) -> Mapping[str, TokenKind]:
        path = (*self._path, key, "values")
        section = Section(self._document, path, tuple(TokenKind), self._faults)
        return {text.lower(): kind for kind in TokenKind for text in section.names(kind)}

    def check(self, source: Source, parameters: Mapping[str, Parameter]) -> None:
        """Note what is wrong with the SQL of a source: its form, and what its placeholders name."""
        self._check("where", source.where, source, parameters)
        for join in source.joins:
            self._check(f"joins.{join.alias}.on", join.on, source, parameters)
        for name, value in source.fields.items():
            for text in texts(value):
                self._check(name, text, source, parameters)

    def _check(self, key: str, text: str, source: Source, parameters: Mapping[str, Parameter]) -> None:
        for problem, remedy in complaints(text, source, parameters):
            self.fault(key, problem, remedy)


def complaints(text: str, source: Source, parameters: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the form and the placeholders of an expression, each with its remedy."""
    if text and (problem := _objection(text)):
        yield problem, "one SQL expression"
    known = {*parameters, "now"}
    aliases = {join.alias for join in source.joins}
    times = {"time", *TimeType}
    for one in references(text):
        if one.parameter and one.name not in known:
            yield f"there is no parameter {one.name}", suggestion(one.name, known)
        if one.alias and one.alias not in aliases:
            yield f"there is no join {one.alias}", suggestion(one.alias, aliases)
        if one.time and one.time not in times:
            yield f"there is no type of time {one.time}", suggestion(one.time, times)


def _objection(text: str) -> str:
    """Return why `text` cannot be one SQL expression among others; empty when nothing speaks against it."""
    if "--" in text or "/*" in text:
        return "holds a comment"
    whole = f"select {text}"
    parsed = statement(whole)
    if parsed.problem:
        return parsed.problem
    return "" if parsed.sql == whole.strip() else "ends in a semicolon"
