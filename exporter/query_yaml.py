"""Owns the `queries.yaml` files of postgres_exporter: how each of their queries becomes one of ours.

Source of the form: postgres_exporter 0.20, `exporter/queries.go`. There `runonserver` was parsed and never
used, and DURATION and MAPPEDMETRIC never worked; here the first two do what its documentation says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from exporter.document import Document, parse, read_text, suggestion
from exporter.errors import Fault
from exporter.model import Column, MetricType, Needs, Query, Scope
from exporter.naming import foreign_objection, label_objection
from exporter.quoting import identifier
from exporter.section import Section
from exporter.statement import statement

SET = "queries-yaml"  # the set that all of them belong to
_NAMESPACE = r"[a-z_][a-z0-9_]*"
_KEYS = ("query", "master", "cache_seconds", "runonserver", "metrics", "pg_version", "metric_mapping")
_IGNORED = ("pg_version", "metric_mapping")
# Where nothing is cached each scrape ran the query; Prometheus' usual intervals are 15 to 60 s.
_EVERY, _SHORTEST = 30.0, 15.0
_TIMEOUT = 10.0
# Their sessions have the server's search path, and their queries rely on it.
_PATH = "select pg_catalog.set_config('search_path', '\"$user\", public', true);\n"
# Materialised, or the planner would try each of the casts below on a constant.
_SQL = _PATH + "with answer as materialized (\n{sql}\n)\nselect\n{columns}\nfrom answer"
_BOUND = re.compile(r"(?P<sign>>=|<=|>|<|=)?\s*v?(?P<major>\d+)(?:\.(?P<rest>\d+(?:\.\d+)?))?")

# What a column may hold is known to the server alone: its type is asked for there, as Go's driver did.
_NUMBER = """\
  case pg_catalog.pg_typeof({column})::text
    when 'boolean' then {column}::text::boolean::int::float8
    when 'timestamp with time zone' then extract(epoch from {column}::text::timestamptz)::float8
    when 'timestamp without time zone' then extract(epoch from {column}::text::timestamp)::float8
    when 'interval' then extract(epoch from {column}::text::interval)::float8
    else {column}::text::float8
  end"""
_MILLISECONDS = "  extract(epoch from {column}::text::interval)::float8 * 1000"


class _Usage(StrEnum):
    """What a column is for; the words of the file are in capitals, and so are they here."""

    LABEL = "LABEL"
    GAUGE = "GAUGE"
    COUNTER = "COUNTER"
    HISTOGRAM = "HISTOGRAM"
    DISCARD = "DISCARD"
    MAPPEDMETRIC = "MAPPEDMETRIC"
    DURATION = "DURATION"


@dataclass(slots=True)
class Reading:
    """What came of reading files: queries with their documents, faults, and what has no equivalent here."""

    queries: list[tuple[Query, Document]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class _Columns:
    """The columns of one query, as they are read: labels, families, and the SQL of each."""

    labels: list[str] = field(default_factory=list)
    families: list[Column] = field(default_factory=list)
    expressions: list[str] = field(default_factory=list)


def read(path: Path, into: Reading) -> None:
    """Add the queries of a file to `into`, with every fault and warning found."""
    text = read_text(path, into.faults)
    if text is None:
        return
    document = parse(text, str(path))
    into.faults.extend(document.faults)
    if document.value is None:
        return
    if not isinstance(document.value, dict):
        into.faults.append(document.fault((), "must be a mapping", "namespace: {query: ..., metrics: [...]}"))
        return
    for namespace in map(str, document.value):
        query = _query(document, namespace, into)
        if query is not None:
            into.queries.append((query, document))


def _query(document: Document, namespace: str, into: Reading) -> Query | None:
    entry = Section(document, (namespace,), _KEYS, into.faults)
    entry.require("query", "metrics")
    if not re.fullmatch(_NAMESPACE, namespace):
        into.faults.append(document.fault((namespace,), "is no beginning of a metric's name", "a-z, 0-9, _"))
    for key in _IGNORED:
        if entry.has(key):
            into.warnings.append(document.fault((namespace, key), "has no effect, nor had it there", ""))
    columns = _columns(document, namespace, into)
    sql = _statement(document, namespace, into.faults)
    if not columns.families or not sql:
        return None
    below, needs = _versions(document, entry, namespace, into)
    every = max(float(entry.whole("cache_seconds", 0, 2_592_000) or _EVERY), _SHORTEST)
    scope = _scope(document, namespace, columns, into, is_master=entry.flag("master"))
    return Query(
        name=namespace,
        set=SET,
        help=f"The query {namespace} of {Path(document.source).name}.",
        every=every,
        timeout=min(_TIMEOUT, every / 2),
        labels=tuple(columns.labels),
        columns=tuple(columns.families),
        variants=((0, _SQL.format(sql=sql, columns=",\n".join(columns.expressions))),),
        path=document.source,
        scope=scope,
        needs=Needs(version=needs, below=below),
    )


def _statement(document: Document, namespace: str, faults: list[Fault]) -> str:
    value = document.value
    entry = value.get(namespace) if isinstance(value, dict) else None
    text = entry.get("query") if isinstance(entry, dict) else None
    if text is None:
        return ""
    if not isinstance(text, str):
        faults.append(document.fault((namespace, "query"), "must be text", "put it in quotes"))
        return ""
    found = statement(text)
    if found.problem:
        faults.append(document.fault((namespace, "query"), found.problem))
        return ""
    return found.sql


def _scope(document: Document, namespace: str, columns: _Columns, into: Reading, *, is_master: bool) -> Scope:
    """Return where the query runs: `master` is the database of the DSN alone, else all that are selected.

    A query that has a label datname of its own speaks of all databases, and once is enough.
    """
    if is_master:
        return Scope.SERVER
    if "datname" not in columns.labels:
        return Scope.DATABASE
    problem = "has the label datname and is not master: it runs in the main database only"
    into.warnings.append(document.fault((namespace,), problem, "add master: true"))
    return Scope.SERVER


def _columns(document: Document, namespace: str, into: Reading) -> _Columns:
    columns = _Columns()
    for place, name, usage, help_ in _declared(document, namespace, into.faults):
        at = (namespace, "metrics", place, name)
        column = f"answer.{identifier(name)}"
        if usage is _Usage.LABEL:
            if objection := label_objection(name, Scope.SERVER):
                into.faults.append(document.fault(at, *objection))
                continue
            columns.labels.append(name)
            columns.expressions.append(f"  {column}::text as {identifier(name)}")
        elif usage is _Usage.MAPPEDMETRIC:
            into.warnings.append(document.fault(at, "MAPPEDMETRIC is not supported, nor did it work there"))
        elif usage is not _Usage.DISCARD:
            family = f"{namespace}_{name}"
            kind = _KINDS[usage]
            if objection := foreign_objection(family):
                into.faults.append(document.fault(at, *objection))
                continue
            columns.families.append(Column(family, name, kind, help_ or f"Column {name} of {namespace}."))
            columns.expressions.extend(_expressions(name, usage))
    return columns


_KINDS = {
    _Usage.GAUGE: MetricType.GAUGE,
    _Usage.DURATION: MetricType.GAUGE,
    _Usage.COUNTER: MetricType.COUNTER,
    _Usage.HISTOGRAM: MetricType.HISTOGRAM,
}


def _expressions(name: str, usage: _Usage) -> Iterator[str]:
    column = f"answer.{identifier(name)}"
    if usage is _Usage.HISTOGRAM:
        yield f"  {column}::float8[] as {identifier(f'{name}_bounds')}"
        for theirs, ours, type_ in (
            ("bucket", "buckets", "bigint[]"),
            ("count", "count", "bigint"),
            ("sum", "sum", "float8"),
        ):
            part = f"answer.{identifier(f'{name}_{theirs}')}"
            yield f"  {part}::{type_} as {identifier(f'{name}_{ours}')}"
        return
    shape = _MILLISECONDS if usage is _Usage.DURATION else _NUMBER
    yield f"{shape.format(column=column)} as {identifier(name)}"


def _declared(
    document: Document, namespace: str, faults: list[Fault]
) -> Iterator[tuple[int, str, _Usage, str]]:
    """Yield place, column, usage and description of each of a query's metrics."""
    value = document.value
    entry = value.get(namespace) if isinstance(value, dict) else None
    metrics = entry.get("metrics") if isinstance(entry, dict) else None
    if metrics is None:
        return
    if not isinstance(metrics, list):
        faults.append(
            document.fault((namespace, "metrics"), "must be a list", "- column: {usage: GAUGE, ...}")
        )
        return
    for place, each in enumerate(metrics):
        if not isinstance(each, dict) or len(each) != 1:
            problem = "must be a mapping of one column"
            faults.append(
                document.fault((namespace, "metrics", place), problem, "column: {usage: GAUGE, ...}")
            )
            continue
        ((name, about),) = each.items()
        at = (namespace, "metrics", place, str(name))
        usage = str(about.get("usage", "")).upper() if isinstance(about, dict) else ""
        if usage not in list(_Usage):
            faults.append(document.fault((*at, "usage"), "is not known", suggestion(usage, list(_Usage))))
            continue
        description = about.get("description") if isinstance(about, dict) else None
        yield place, str(name), _Usage(usage), " ".join(str(description or "").split())


def _versions(
    document: Document, entry: Section, namespace: str, into: Reading
) -> tuple[int | None, int | None]:
    """Return the major version that the query is for servers below, and the one from which on it is.

    A bound within a major version, such as >=12.3, is taken for the whole version.
    """
    text = entry.text("runonserver")
    below: int | None = None
    needs: int | None = None
    if text is None:
        return below, needs
    at = (namespace, "runonserver")
    for part in re.split(r"[\s,]+(?=[<>=\dv])", re.sub(r"([<>=])\s+", r"\1", text.strip())):
        match = _BOUND.fullmatch(part)
        if match is None:
            problem = "is not understood, the query runs on every version"
            into.warnings.append(document.fault(at, problem, 'such as ">=13.0.0 <17.0.0"'))
            return None, None
        major, inside = int(match["major"]), bool(match["rest"] and match["rest"].strip("0."))
        sign = match["sign"] or "="
        if inside:
            into.warnings.append(document.fault(at, f"{part} is taken for the major version {major}"))
        if sign in (">=", "=", ">"):
            needs = major + (sign == ">" and not inside and not match["rest"])
        if sign in ("<", "<=", "="):
            below = major + (sign != "<" or inside)
    return below, needs
