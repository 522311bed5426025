"""Owns the reference of all metrics as Markdown, made from the catalogue; pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from exporter.catalog import Catalog
from exporter.duration import format_duration
from exporter.model import OLDEST_TESTED, Query, Role, Scope
from exporter.rest import OTHER, adds_up, places

_TOP = """\
# Metrics

<!-- Made by `make docs`, which prints `pg-oauth-exporter queries --markdown`. Edit the queries instead. -->

Every metric that comes from a query, by set. A set that is *off* runs when it is asked for (`--sets +name`).
What a version, a role or an extension does not offer is absent, never 0; `pg_exporter_query_skipped` says
why.

Every series has the label `target`, and where a query runs in each database `datname`; they are not repeated.
Where a query names some rows and sums up the rest as `_other`, sums over all series are right; of a counter
called `_other` only the rate means something, for it begins at 0 with the exporter.

Some metrics belong to no query. Of the exporter: `pg_up` and `pg_exporter_*`. Of backups, when some are
configured: `pg_backup_*`. Of the certificate that a target shows:
`pg_tls_certificate_not_after_timestamp_seconds`. Of the token store that was found and how it is counted:
`oauth2_profile_info`, `oauth2_unobservable_info` and others of that kind.
"""


def markdown(catalog: Catalog) -> Iterator[str]:
    """Yield the lines of the page: each set with its queries, and each query with its metrics."""
    yield from _TOP.splitlines()
    queries = sorted(catalog.queries.values(), key=lambda query: (query.set, query.name))
    for name, members in groupby(queries, key=lambda query: query.set):
        yield ""
        yield f"## {name}{' (off)' if name in catalog.optional_sets else ''}"
        if text := catalog.sets.get(name):
            yield ""
            yield text
        for query in members:
            yield from _query(query)


def _query(query: Query) -> Iterator[str]:
    yield ""
    yield f"### {query.name}"
    yield ""
    yield f"{query.help} {_terms(query)}"
    yield ""
    if query.evidence:
        yield f"Its rows are shown under `/evidence/<target>/{query.evidence}`."
    if not query.columns:
        return
    yield "| metric | type | labels | meaning |"
    yield "|---|---|---|---|"
    labels = ", ".join(f"`{label}`" for label in query.labels)
    for column in query.columns:
        yield f"| `{column.family}` | {column.type} | {labels} | {column.help.replace('|', chr(92) + '|')} |"


def _terms(query: Query) -> str:
    """Say when and where a query runs, and what it needs."""
    where = "in each database" if query.scope is Scope.DATABASE else "once"
    server = "" if query.on is Role.ANY else f", on a {query.on} only"
    needs = "; ".join(_needs(query))
    cost = (
        ""
        if query.budget is None
        else f", less often while it costs more than {query.budget:.2%} of the time"
    )
    text = f"Every {format_duration(query.every)}{cost}, {where}{server}.{_named(query)}"
    return text + (f" Needs {needs}." if needs else "")


def _named(query: Query) -> str:
    """Say how many rows have series of their own, and whether there is a sum of the rest."""
    if not query.rest:
        return ""
    has_sum = any(adds_up(column) for column in query.columns)
    return f" {places(query)} by name" + (f", the rest as `{OTHER}`." if has_sum else ".")


def _needs(query: Query) -> Iterator[str]:
    needs = query.needs
    lowest = max(needs.version or 0, query.variants[0][0] if query.variants else 0)
    if lowest > OLDEST_TESTED:
        yield f"PostgreSQL {lowest}"
    if query.over:
        yield f"a token store with {(' or ' if query.over_any else ' and ').join(query.over)}"
    if query.shows:
        yield f"a store that shows {', '.join(query.shows)}"
    for noun, name in (
        ("the extension", needs.extension),
        ("the setting", needs.setting),
        ("the right to execute", needs.function),
        ("the relation", needs.relation),
    ):
        if name is not None:
            yield f"{noun} `{name}`"
