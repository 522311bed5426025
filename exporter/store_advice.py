"""Owns the checks of `doctor` on token stores: which it is, how tokens are counted, and what would help."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from exporter.counting import (
    INDEX_WHOLE,
    MOST_TURNS,
    SCAN_AT_ALL,
    SCAN_EVERY_MINUTE,
    Leaf,
    Method,
    Plan,
    TimeType,
    TokenSource,
    choose,
)
from exporter.duration import format_duration
from exporter.findings import Check, Facts, Finding, Level, TokenTable
from exporter.model import UNKNOWN_PAGES, JobKey, Query, SkipReason
from exporter.quoting import identifier, parts

_ISSUED = "tokens_issued"
# What an index costs for each row, in bytes, when it is built and later. A time is 8 bytes with a header of 8
# and a pointer of 4, on pages that are 90 % full when built and two thirds full after inserts all over. Text
# of 26 to 32 characters takes 32 to 40 bytes in place of the 8.
_ENTRY = (22, 30)
_ENTRY_OF_TEXT = (49, 78)
# Autovacuum analyses after 10 %, unless it was set otherwise.
_OLD = 0.2
_MOST_LINES = 20
_NO_CONDITION = (
    "One with the condition WHERE revoked_at IS NULL is read too where there is one, but its price is higher:"
    " of revocations 69 % were HOT updates without such a one and 0 % with it (measured)."
)


def _recognised(facts: Facts) -> Iterator[Finding]:
    for database, found in sorted(facts.stores.items()):
        profile, schema = found.store.profile, found.store.schema
        if profile is not None:
            place = f" in schema {schema}" if schema else ""
            yield Finding("token store", Level.OK, f"{database}: profile {profile.name}{place}")
        elif found.is_alike:
            yield Finding(
                "token store",
                Level.INFO,
                f"{database} has tables that look like a token store, and no profile describes them",
                f"{found.store.report[:1].upper()}{found.store.report[1:]}.",
                "# name its profile under oauth2 in the configuration, or write one: docs/profiles.md",
            )


def _unobservable(facts: Facts) -> Iterator[Finding]:
    for database, found in sorted(facts.stores.items()):
        profile = found.store.profile
        if profile is None or not profile.unobservable:
            continue
        count = f"{len(profile.unobservable)} thing{'s' if len(profile.unobservable) > 1 else ''}"
        summary = f"{database}: {count} that the profile {profile.name} cannot show, see docs/profiles.md"
        yield Finding("unobservable", Level.INFO, summary)
        for one in profile.unobservable:
            hint = f"Opting in to the source {one.unless} shows it." if one.unless else ""
            summary = f"{database}: {one.what}: {one.reason}"
            yield Finding("unobservable", Level.INFO, summary, hint, is_minor=True)


def _counting(facts: Facts) -> Iterator[Finding]:
    for database, found in sorted(facts.stores.items()):
        if found.counted is not None:  # else the check of the queries says why
            for table in found.tables:
                yield _counted(facts, database, table, found.counted)


def _counted(facts: Facts, database: str, table: TokenTable, query: Query) -> Finding:
    place, every = f"{table.relation} in {database}", format_duration(query.every)
    if not query.estimated:
        limit = f", up to {query.reads[0].max_pages} are" if query.reads and query.reads[0].max_pages else ""
        words = f"{place}: {_pages(table)} pages are read in full every {every}{limit}"
        return Finding("counting", Level.OK, words)
    if table.source is None:
        return Finding(
            "counting",
            Level.WARN,
            f"{place}: what {table.name} describes is not counted",
            "The store is too large to be read in full, and the source does not say when a token expires.",
        )
    if not table.leaves:
        return Finding("counting", Level.INFO, f"{place}: how it is counted is not known: {table.problem}")
    plan = choose(table.source, table.leaves, facts.server.major)
    if plan.method is Method.SCAN:
        words = f"{place}: read in full every {every}: it has up to {SCAN_AT_ALL} pages"
        return Finding("counting", Level.INFO, words)
    return Finding(
        "counting",
        Level.INFO,
        f"{place}: estimated every {every}, since it has more than {SCAN_AT_ALL} pages",
        f"{_drawn(plan)} of {_pages(table)} pages are drawn. {_near(table.source, plan)}"
        " oauth2_tokens_method_info says the method of each number, oauth2_tokens_half_width its error.",
    )


def _drawn(plan: Plan) -> int:
    return sum(draw.blocks for draw in plan.draws)


def _near(source: TokenSource, plan: Plan) -> str:
    """Say what tells of the tokens that expire soon, which a sample of all tokens hardly meets."""
    within = format_duration(source.horizon)
    if plan.index_share:
        return f"Tokens that expire within {within} are counted by the index on the expiry, up to its cost."
    if any(draw.tail for draw in plan.draws):
        return "The end of the table, where the newest rows are, is read more closely."
    if source.lifetimes or source.issued:
        return "Of tokens that live shortly, arrivals tell."
    return "Of tokens that live shortly a sample tells little, and nothing else is known."


def _expiry_index(facts: Facts) -> Iterator[Finding]:
    for database, table, source in _sampled(facts):
        place, column = f"{table.relation} in {database}", source.expires.column
        within = format_duration(source.horizon)
        if column is None:
            summary = f"{place}: the expiry is no plain column, so no index can make the count exact"
            yield Finding("index", Level.INFO, summary)
            continue
        lacking = _lacking(table, column)
        if not lacking:
            yield Finding("index", Level.OK, f"{place}: an index leads with {column}")
            continue
        yield Finding(
            "index",
            Level.INFO,
            f"{place}: no index leads with {column}; tokens that expire within {within} are estimated",
            f"With an index their number is exact in each run, as long as they lie on at most {INDEX_WHOLE}"
            f" pages; on up to {MOST_TURNS} times as many they are read in turns."
            f" {_cost(lacking, source.expires.type)} {_NO_CONDITION}",
            _create(table, column, lacking),
        )


def _issue_index(facts: Facts) -> Iterator[Finding]:
    for database, table, source in _tables(facts):
        key = JobKey(_ISSUED, facts.target.name, database)
        is_too_large = key in facts.skipped and facts.skipped[key].reason is SkipReason.SIZE
        column = _searched(source)
        if column is None or not (is_too_large or key in facts.active):
            continue
        lacking = _lacking(table, column)
        if not lacking:
            yield Finding("index", Level.OK, f"{table.relation} in {database}: an index leads with {column}")
        elif _pages(table) > SCAN_EVERY_MINUTE:
            yield _issue_finding(database, table, source)


def _searched(source: TokenSource) -> str | None:
    """Return the column by which new rows are found; text has an order that is not that of time."""
    moment = source.issued
    return None if moment is None or moment.type is TimeType.TEXT_ISO else moment.column


def _issue_finding(database: str, table: TokenTable, source: TokenSource) -> Finding:
    column = _searched(source) or ""
    lacking = _lacking(table, column)
    kind = source.issued.type if source.issued else TimeType.TZ
    return Finding(
        "index",
        Level.INFO,
        f"{table.relation} in {database}: no index leads with {column}, which counting issued tokens needs",
        "What is read are the rows of the last 11 minutes: without an index all pages, with it a few."
        f" {_cost(lacking, kind)}",
        _create(table, column, lacking),
    )


def _statistics(facts: Facts) -> Iterator[Finding]:
    for database, table, _ in _tables(facts):
        if _pages(table) <= SCAN_EVERY_MINUTE:
            continue
        blank = not any(leaf.pages for leaf in table.leaves)
        never = [leaf for leaf in table.leaves if leaf.rows <= 0 and (leaf.pages or leaf.changed or blank)]
        old = [leaf for leaf in table.leaves if leaf.rows > 0 and leaf.changed > _OLD * leaf.rows]
        place = f"{table.relation} in {database}"
        detail = (
            "The choice of a method goes by the statistics: size, rows on a page, order of the rows."
            " ANALYZE reads at most 300 pages for each step of default_statistics_target: 30000 by default."
        )
        if never:
            summary = f"{place}: never analysed{_counted_of(never, table)}"
            yield Finding("table statistics", Level.WARN, summary, detail, _analyze(never))
        if old:
            share = 100 * max(leaf.changed / leaf.rows for leaf in old)
            summary = f"{place}: up to {share:.0f} % changed since it was analysed{_counted_of(old, table)}"
            yield Finding("table statistics", Level.INFO, summary, detail, _analyze(old))
        if not never and not old:
            yield Finding("table statistics", Level.OK, f"{place}: analysed, and little changed since")


def _analyze(found: Collection[Leaf]) -> str:
    return _listed([f"ANALYZE {leaf.relation};" for leaf in found])


def _counted_of(found: Collection[Leaf], table: TokenTable) -> str:
    return f" ({len(found)} of {len(table.leaves)} partitions)" if len(table.leaves) > 1 else ""


def _tables(facts: Facts) -> Iterator[tuple[str, TokenTable, TokenSource]]:
    for database, found in sorted(facts.stores.items()):
        for table in found.tables:
            if table.source is not None and table.leaves:
                yield database, table, table.source


def _sampled(facts: Facts) -> Iterator[tuple[str, TokenTable, TokenSource]]:
    """Yield the tables that are too large to be read in full at all: up to there no index is missed."""
    return (each for each in _tables(facts) if _pages(each[1]) > SCAN_AT_ALL)


def _pages(table: TokenTable) -> int:
    known = sum(leaf.pages for leaf in table.leaves)
    return max(known, table.pages) if table.pages < UNKNOWN_PAGES else known


def _lacking(table: TokenTable, column: str) -> tuple[Leaf, ...]:
    return tuple(leaf for leaf in table.leaves if column not in leaf.leading)


def _cost(lacking: Collection[Leaf], kind: TimeType) -> str:
    """Say what such an index costs, and how that was reckoned."""
    low, high = _ENTRY_OF_TEXT if kind is TimeType.TEXT_ISO else _ENTRY
    price = "The price is one more index that every insert writes to; revocations stay HOT updates."
    if any(leaf.rows < 0 or (not leaf.rows and leaf.changed) for leaf in lacking):
        return f"Its size is not known before ANALYZE: {low} to {high} bytes a row. {price}"
    rows = sum(leaf.rows for leaf in lacking)
    size = f"{_mebibytes(rows * low)} to {_mebibytes(rows * high)} MiB"
    return f"It would take {size}: {rows:.0f} rows of {low} bytes when built, of up to {high} later. {price}"


def _mebibytes(count: float) -> str:
    size = count / 2**20
    return f"{size:.0f}" if size >= 10 else f"{size:.1f}"  # noqa: PLR2004  # two digits are enough


def _create(table: TokenTable, column: str, lacking: Collection[Leaf]) -> str:
    """Return the SQL of an index whose build stops no writes; of a partitioned table, by partition."""
    name = identifier(column)
    lines = [f"CREATE INDEX CONCURRENTLY ON {leaf.relation} ({name});" for leaf in lacking]
    if [parts(leaf.relation) for leaf in table.leaves] == [parts(table.relation)]:
        return lines[0]
    lines = _listed(lines).splitlines()
    lines.append(f"CREATE INDEX ON {table.relation} ({name});  -- takes those in, for later partitions too")
    return "\n".join(lines)


def _listed(lines: list[str]) -> str:
    more = len(lines) - _MOST_LINES
    return "\n".join(
        [*lines[:_MOST_LINES], *([f"-- the same for {more} more partitions"] if more > 0 else [])]
    )


CHECKS: tuple[Check, ...] = (
    _recognised,
    _counting,
    _expiry_index,
    _issue_index,
    _statistics,
    _unobservable,
)
