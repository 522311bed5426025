"""Owns how the model of token stores is said in SQL: what PostgreSQL and SQLite write differently; pure.

To SQLite a time is a number of seconds since 1970, and a list the text of a JSON array. `now()` is a function
that `sqlite_file` adds. Source: www.sqlite.org, "Date And Time Functions" and "Datatypes In SQLite".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from exporter.engines import ENGINE_NAMES, Engine
from exporter.entities import FieldKind, TimeType
from exporter.model import Query, Skip, SkipReason
from exporter.quoting import literal

_ZONED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)? ?(Z|z|UTC|[+-]\d\d(:?\d\d)?)$"
_ZONELESS = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?$"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the SQL of an engine is made of; % stands for an expression or a column.

    `converted` makes a time of what a column stores, `domain` the other way round where a bare column can be
    compared with that. `casts` and `typed_nulls` make the types of all arms of a union the same. `unset` is
    a parameter that there is none of.
    """

    converted: Mapping[TimeType, str]
    domain: Mapping[TimeType, str]
    casts: Mapping[FieldKind, str]
    typed_nulls: bool
    lower: str
    unset: str
    interval: str
    literal: Callable[[str], str]
    texts: Callable[[Iterable[str]], str]
    relations: Callable[[Iterable[str]], str]

    def absent(self, value: str) -> str:
        """Return a value such as `null::text`, with the type only where unions need it."""
        return value if self.typed_nulls else value.partition("::")[0]


def _array(items: Iterable[str], kind: str) -> str:
    return f"array[{', '.join(map(literal, items))}]::{kind}"


def _plain(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _json(items: Iterable[str]) -> str:
    return _plain(json.dumps([*items], ensure_ascii=False))


_POSTGRESQL = Dialect(
    converted={
        TimeType.TZ: "%",
        TimeType.NAIVE_UTC: "(% at time zone 'UTC')",
        TimeType.EPOCH: "to_timestamp(%)",
        TimeType.EPOCH_MS: "to_timestamp(% / 1000.0)",
        # What is no time becomes null instead of an error: one bad row must not hide all the others.
        TimeType.TEXT_ISO: (
            f"(case when % ~ '{_ZONED}' then %::timestamptz"
            f" when % ~ '{_ZONELESS}' then %::timestamp at time zone 'UTC' end)"
        ),
    },
    domain={
        TimeType.TZ: "%",
        TimeType.NAIVE_UTC: "(% at time zone 'UTC')",
        # Whole numbers, as the column has: e > t is e > floor(t), and only then an index on it is used.
        TimeType.EPOCH: "floor(extract(epoch from %))::bigint",
        TimeType.EPOCH_MS: "floor(extract(epoch from %) * 1000)::bigint",
    },
    casts={FieldKind.LIST: "::text[]", FieldKind.TEXT: "::text", FieldKind.KIND: "::text"},
    typed_nulls=True,
    lower="lower(%::text)",
    unset="null::interval",
    interval="interval '% seconds'",
    literal=literal,
    texts=lambda items: _array(items, "text[]"),
    relations=lambda items: _array(items, "pg_catalog.regclass[]"),
)

# The forms of a zone that SQLite does not read, as those that it does: +02, +0200 and UTC.
_ZONE = (
    "case when upper(substr(%, -3)) = 'UTC' then rtrim(substr(%, 1, length(%) - 3)) || 'Z'"
    " when length(%) > 13 and % glob '*[+-][0-9][0-9]' then % || ':00'"
    " when length(%) > 15 and % glob '*[+-][0-9][0-9][0-9][0-9]'"
    " then substr(%, 1, length(%) - 2) || ':' || substr(%, -2)"
    " else % end"
)
# A column holds what was put in, whatever its type says. julianday() takes a bare number for a day, and `now`
# for a time; it knows milliseconds, which in days since 4714 BC leaves 40 microseconds of noise.
_ISO = (
    "(case typeof(%) when 'integer' then % when 'real' then % when 'text' then"
    " case when % glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
    f" then round((julianday({_ZONE}) - 2440587.5) * 86400.0, 3) end end)"
)
_SQLITE = Dialect(
    converted={
        TimeType.TZ: _ISO,
        TimeType.NAIVE_UTC: _ISO,
        TimeType.TEXT_ISO: _ISO,
        TimeType.EPOCH: "%",
        TimeType.EPOCH_MS: "(% / 1000.0)",
    },
    domain={TimeType.EPOCH: "%", TimeType.EPOCH_MS: "(% * 1000)"},
    casts={},
    typed_nulls=False,
    lower="lower(%)",
    unset="null",
    interval="%",
    literal=_plain,
    texts=_json,
    relations=_json,
)

DIALECTS: Mapping[Engine, Dialect] = {Engine.POSTGRESQL: _POSTGRESQL, Engine.SQLITE: _SQLITE}


def in_engine(query: Query, engine: Engine) -> Query | Skip:
    """Return `query` with its SQL for `engine`, or why it cannot run; only PostgreSQL's is estimated."""
    if engine is Engine.POSTGRESQL and (query.variants or query.alternatives):
        return query
    if engine in query.dialects:
        sql = query.dialects[engine]
        return replace(query, variants=((0, sql),), alternatives=(), counted=False)
    return Skip(SkipReason.ENGINE, f"there is no SQL of it for {ENGINE_NAMES[engine]}")
