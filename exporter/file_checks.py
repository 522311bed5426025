"""Owns what `doctor` finds about a SQLite target; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from exporter.findings import Finding, Level
from exporter.model import SkipReason
from exporter.scout import Known
from exporter.survey import Survey

_LEVELS = {SkipReason.SIZE: Level.WARN, SkipReason.RELATION: Level.WARN}


def examine(found: Survey) -> tuple[Finding, ...]:
    """Return what every check finds."""
    return (_access(found), _store(found), *_queries(found))


def _access(found: Survey) -> Finding:
    summary = f"{found.server.database} can be read; nothing is ever written"
    return Finding("access", Level.OK, summary)


def _store(found: Survey) -> Finding:
    known = found.facts[found.server.database]
    store = known.store if isinstance(known, Known) else None
    if store is None:
        return Finding("store", Level.WARN, "token stores are left alone: profile is none")
    if store.profile is None:
        detail = f"{store.report[:1].upper()}{store.report[1:]}."
        remedy = "name the profile in oauth2, or write one: docs/profiles.md"
        return Finding("store", Level.FAIL, "no token store was recognised", detail, remedy)
    return Finding("store", Level.OK, store.report)


def _queries(found: Survey) -> Iterator[Finding]:
    skipped = found.plan.skipped
    elsewhere = sum(why.reason is SkipReason.ENGINE for why in skipped.values())
    summary = f"{len(found.plan.active)} queries run; {elsewhere} are not for SQLite"
    yield Finding("queries", Level.OK, summary)
    store = {key: why for key, why in skipped.items() if why.reason is not SkipReason.ENGINE}
    if not found.plan.active:
        return  # for one reason, which the store tells
    groups: dict[tuple[SkipReason, str], list[str]] = defaultdict(list)
    for key, why in sorted(store.items()):
        groups[why.reason, why.detail].append(key.query)
    for (reason, detail), names in groups.items():
        summary = f"{', '.join(names)}: {detail}"
        yield Finding("queries", _LEVELS.get(reason, Level.INFO), summary)
