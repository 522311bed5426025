"""Owns what counting makes of a row and of many, in SQL: kind and state, whether recent, how long it lives.

`pgx_clock` is a relation with the times of the question, each in the type of the column it is compared with.
"""

from __future__ import annotations

from exporter.counting import Moment, TimeType, TokenSource
from exporter.quoting import literal

FALSE = "false"
CELLS = 7  # numbers of a kind: states, recent ones, longest life
STATES = 5
FOREVER = 9_999_999_999  # seconds: how long a token without an end lives
ISO = 'YYYY-MM-DD"T"HH24:MI:SS.US'
# Only of rows that are recent or live: what a server issued under former settings says nothing about it now.
_LIFE = """
CASE WHEN {recent} OR ({expires}) > pgx_clock.now_at THEN
    CASE WHEN {issued_at} IS NULL THEN NULL
        WHEN pg_catalog.isfinite({expires_at}) AND pg_catalog.isfinite({issued_at})
            THEN pg_catalog.round(extract(epoch FROM {expires_at} - {issued_at})::numeric)::bigint
        WHEN ({expires}) IS NULL OR NOT pg_catalog.isfinite({expires_at}) THEN {forever}
    END
END"""


def at(moment: Moment, now: str, seconds: str = "0") -> str:
    """Return the SQL of `now` and so many seconds, as a value that compares with a column of that type."""
    then = f"({now} + pg_catalog.make_interval(secs => {seconds}))"
    if moment.type is TimeType.TZ:
        return then
    if moment.type is TimeType.EPOCH:
        return f"extract(epoch FROM {then})::bigint"
    utc = f"({then} AT TIME ZONE 'UTC')"
    if moment.type is TimeType.NAIVE_UTC:
        return utc
    return f"pg_catalog.to_char({utc}, '{ISO}')"


def absolute(moment: Moment, seconds: str) -> str:
    """Return the SQL of a Unix time in whole seconds, as a value that compares with a column of that type."""
    if moment.type is TimeType.EPOCH:
        return f"({seconds})"
    then = f"pg_catalog.to_timestamp({seconds})"
    if moment.type is TimeType.TZ:
        return then
    utc = f"({then} AT TIME ZONE 'UTC')"
    return utc if moment.type is TimeType.NAIVE_UTC else f"pg_catalog.to_char({utc}, '{ISO}')"


def row(source: TokenSource) -> str:
    """Return what a row is reduced to first: one number for kind and state, and whether it is recent.

    So its columns are looked at once, however many numbers are counted.
    """
    kinds = " ".join(f"WHEN {literal(kind)} THEN {CELLS * n}" for n, kind in enumerate(source.kinds))
    last = CELLS * (len(source.kinds) - 1)
    expires = source.expires.sql
    recent = f"({source.issued.sql}) > pgx_clock.recent_since" if source.issued else FALSE
    return (
        # Rows that are no tokens of the source stay among the recent ones: arrivals count all rows.
        f"CASE WHEN ({source.where}) THEN CASE ({source.kind}) {kinds} ELSE {last} END"
        f" + CASE WHEN ({source.revoked}) THEN 0 WHEN ({source.used or FALSE}) THEN 1"
        f" WHEN ({expires}) <= pgx_clock.now_at THEN 2 WHEN ({expires}) <= pgx_clock.near_until THEN 3"
        f" ELSE 4 END ELSE -1 END AS cell, {recent} AS recent, {_life(source, recent)} AS life"
    )


def _life(source: TokenSource, recent: str) -> str:
    """Return the seconds that a token lives from its issue to its expiry."""
    if source.issued is None:
        return "NULL::bigint"
    return _LIFE.format(
        recent=recent,
        expires=source.expires.sql,
        expires_at=_instant(source.expires),
        issued_at=_instant(source.issued),
        forever=FOREVER,
    )


def _instant(moment: Moment) -> str:
    """Return a moment as timestamptz; null where text is no time."""
    match moment.type:
        case TimeType.TZ:
            return f"({moment.sql})"
        case TimeType.NAIVE_UTC:
            return f"(({moment.sql}) AT TIME ZONE 'UTC')"
        case TimeType.EPOCH:
            return f"pg_catalog.to_timestamp({moment.sql})"
        case TimeType.TEXT_ISO:
            shape = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"
            cut = f"pg_catalog.left({moment.sql}, 19)"
            return f"(CASE WHEN ({moment.sql}) ~ '{shape}' THEN ({cut} || 'Z')::timestamptz END)"


def counts(source: TokenSource) -> str:
    """Return the array of counts over rows made by `row`, in the order that `token_counts` documents."""
    numbers = []
    for first in range(0, CELLS * len(source.kinds), CELLS):
        conditions = [f"cell = {first + offset}" for offset in range(STATES)]
        conditions.append(f"recent AND cell BETWEEN {first + 2} AND {first + 4}")
        numbers += [f"pg_catalog.count(*) FILTER (WHERE {each})" for each in conditions]
        own = f"cell BETWEEN {first} AND {first + STATES - 1}"
        numbers.append(f"coalesce(pg_catalog.max(life) FILTER (WHERE {own}), 0)")
    numbers.append("pg_catalog.count(*) FILTER (WHERE recent)")
    return f"ARRAY[{', '.join(numbers)}]"
