"""Owns the header of a query file: what may stand in it, and what it means."""

from __future__ import annotations

import re
from collections.abc import Collection

from exporter import cron
from exporter.cron import Window
from exporter.document import Document, KeyPath, suggestion
from exporter.duration import format_duration
from exporter.entities import FIELDS, Entity
from exporter.errors import Fault
from exporter.hours import Hours
from exporter.model import Alternative, Column, MetricType, Needs, Query, Role, Scope
from exporter.naming import family_objection, foreign_objection, label_objection
from exporter.section import Section, share

KEYS = (
    *("help", "every", "timeout", "scope", "on", "needs", "over", "over_any", "shows", "counted"),
    *("labels", "limit", "rest", "derive", "budget", "only", "never", "evidence", "alternatives", "metrics"),
)
_NEEDS = (
    "version",
    "below",
    "extension",
    "library",
    "setting",
    "relation",
    "columns",
    "max_pages",
    "function",
)
_METRIC = ("column", "type", "help")

ALTERNATIVE = r"[a-z][a-z0-9_]*"
_PART = r'(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")'
_SETTING = r"[a-z_][a-z0-9_.]*"
_KIND = r"[a-z][a-z_]*"
_DEFAULT_LIMIT, _MOST = 1000, 100_000


def read(
    document: Document, name: str, set_name: str, derivations: Collection[str], *, foreign: bool = False
) -> tuple[Query, list[Fault]]:
    """Return the query that a header describes, without SQL, and every fault of the header.

    With faults the query is a best effort, good for comparing it with others and nothing else. The names of
    families are `foreign` in a set that says so: somebody else's, and not held to our rules.
    """
    faults: list[Fault] = []
    head = Section(document, (), KEYS, faults)
    head.require("help", "every", "timeout", *(() if head.has("evidence") else ("metrics",)))
    scope = head.choice("scope", Scope) or Scope.SERVER
    query = Query(
        name=name,
        set=set_name,
        help=head.text("help") or "",
        every=head.duration("every") or 0.0,
        timeout=head.duration("timeout") or 0.0,
        labels=_labels(head, scope),
        columns=_columns(document, head, faults, foreign=foreign),
        variants=(),
        path=document.source,
        scope=scope,
        on=head.choice("on", Role) or Role.ANY,
        needs=_needs(document, ("needs",), faults, is_over=head.has("over") or head.has("over_any")),
        limit=head.whole("limit", 1, _MOST) or _DEFAULT_LIMIT,
        derive=_derivation(head, derivations),
        rest=head.flag("rest"),
        alternatives=_alternatives(document, head, faults),
        budget=_budget(head),
        hours=_hours(head),
        evidence=head.text("evidence", _KIND, "lower-case letters and _: it stands in the address"),
        over=_over(head, scope),
        over_any=head.has("over_any"),
        shows=_shows(head),
        counted=head.flag("counted"),
    )
    if query.every and query.timeout >= query.every:
        times = f"{format_duration(query.timeout)} is not below every, {format_duration(query.every)}"
        head.fault("timeout", times, "a run must end before the next one is due")
    if query.rest and not query.labels:
        head.fault(
            "rest", "is of rows told apart by labels, and there is none", "add labels, or leave it out"
        )
    if query.rest and any(column.type is MetricType.HISTOGRAM for column in query.columns):
        head.fault("rest", "histograms are not summed up", "leave it out")
    return query, faults


def _labels(head: Section, scope: Scope) -> tuple[str, ...]:
    labels = head.names("labels")
    for label in labels:
        if objection := label_objection(label, scope):
            problem, remedy = objection
            head.fault("labels", f"{label}: {problem}", remedy)
    return labels


def _over(head: Section, scope: Scope) -> tuple[str, ...]:
    key = "over_any" if head.has("over_any") else "over"
    names = head.names(key)
    for name in names:
        if name not in list(Entity):
            head.fault(key, f"there is no entity {name}", suggestion(name, list(Entity)))
    if names and scope is not Scope.DATABASE:
        head.fault(key, "a token store is looked for in each database", "add scope: database")
    if head.flag("counted") and names != (Entity.TOKENS,):
        head.fault("counted", "only tokens can be counted by estimates", "add over: [tokens]")
    if head.has("over") and head.has("over_any"):
        head.fault("over_any", "over is given too", "choose one")
    return names


def _shows(head: Section) -> tuple[str, ...]:
    names = head.names("shows")
    known = [f"{entity}.{field}" for entity, fields in FIELDS.items() for field in fields]
    for name in names:
        if name not in known:
            head.fault("shows", f"there is no field {name}", suggestion(name, known))
    return names


def _derivation(head: Section, derivations: Collection[str]) -> str | None:
    name = head.text("derive")
    if name is not None and name not in derivations:
        head.fault("derive", f"there is no derivation {name}", suggestion(name, derivations))
    return name


def _budget(head: Section) -> float | None:
    if not head.has("budget"):
        return None
    try:
        return share(head.text("budget"))
    except ValueError as error:
        head.fault("budget", str(error))
        return None


def _hours(head: Section) -> Hours:
    only, never = _windows(head, "only"), _windows(head, "never")
    return Hours((only,) if only else (), never)


def _windows(head: Section, key: str) -> tuple[Window, ...]:
    windows = []
    for text in head.texts(key):
        try:
            windows.append(cron.parse(text))
        except ValueError as error:
            head.fault(key, str(error))
    return tuple(windows)


def _columns(document: Document, head: Section, faults: list[Fault], *, foreign: bool) -> tuple[Column, ...]:
    return tuple(_column(document, family, faults, foreign=foreign) for family in head.keys("metrics"))


def _column(document: Document, family: str, faults: list[Fault], *, foreign: bool) -> Column:
    metric = Section(document, ("metrics", family), _METRIC, faults)
    metric.require(*_METRIC)
    kind = metric.choice("type", MetricType)
    if objection := foreign_objection(family) if foreign else family_objection(family, kind):
        problem, remedy = objection
        faults.append(document.fault(("metrics", family), problem, remedy))
    return Column(family, metric.text("column") or "", kind or MetricType.GAUGE, metric.text("help") or "")


def _alternatives(document: Document, head: Section, faults: list[Fault]) -> tuple[Alternative, ...]:
    names = head.keys("alternatives")
    if names and (head.has("over") or head.has("over_any")):
        head.fault("alternatives", "are not for token stores", "placeholders already differ by store")
    for name in names:
        if not re.fullmatch(ALTERNATIVE, name):
            head.fault("alternatives", f"{name} is no name for a file", "lower-case letters, digits and _")
    return tuple(
        Alternative(name, _needs(document, ("alternatives", name), faults, is_over=False)) for name in names
    )


def _needs(document: Document, at: KeyPath, faults: list[Fault], *, is_over: bool) -> Needs:
    needs = Section(document, at, _NEEDS, faults)
    relation = needs.text("relation", rf"{_PART}\.{_PART}", "schema.name, in quotes where SQL needs them")
    # The relations of a token store are the profile's to name, and max_pages is of each of them.
    for key in ("columns",) if is_over else ("columns", "max_pages"):
        if needs.has(key) and not needs.has("relation"):
            needs.fault(key, "is of a relation, and none is named", "add needs.relation")
    return Needs(
        version=needs.whole("version", 10, 99),
        below=needs.whole("below", 11, 99),
        extension=needs.text("extension"),
        library=needs.text("library"),
        setting=needs.text("setting", _SETTING, "the name of a setting, as in SHOW"),
        relation=relation,
        columns=needs.names("columns"),
        max_pages=needs.whole("max_pages", 1, 2**31 - 2),
        function=needs.text("function", rf"{_PART}\.{_PART}", "schema.name, without arguments"),
    )
