"""Owns what a small token store of a server is: its tables, its rows, and what is true of them.

The numbers are counted by hand from the rows, with the meaning that the server itself gives to its columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from servers import Server

SCHEMAS = Path(__file__).resolve().parent / "schemas"

States = Mapping[tuple[str, str], int]
Summary = Sequence[tuple[object, ...]]

# What a test asks of each entity, in terms of the model.
SUMMARIES = {
    "codes": (
        "select case when used then 'used' when expires <= now() then 'expired' else 'pending' end,"
        " pkce, count(*)::int from ({0}) as codes group by 1, 2 order by 1, 2"
    ),
    "clients": (
        "select coalesce(label, id), grant_types, redirect_uris, enabled from ({0}) as clients"
        ' order by coalesce(label, id) collate "C"'
    ),
    "users": "select provider, enabled, count(*)::int from ({0}) as users group by 1, 2 order by 1, 2",
    "sessions": "select expires > now(), count(*)::int from ({0}) as sessions group by 1 order by 1",
    "devices": (
        "select state, expires > now(), count(*)::int from ({0}) as devices group by 1, 2 order by 1, 2"
    ),
    "denylist": (
        "select kind, coalesce(expires > now(), true), count(*)::int from ({0}) as denylist"
        " group by 1, 2 order by 1, 2"
    ),
    "migrations": (
        "select version, success, type,"
        " installed_on between now() - interval '90 s' and now() - interval '30 s'"
        " from ({0}) as migrations order by 1"
    ),
}


@dataclass(frozen=True, slots=True)
class Store:
    """One server's database; `tables` are the files of its tables where not that of the profile's name."""

    profile: str
    rows: str
    states: States
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    tables: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return (self.tables or (self.profile,))[-1]

    def make(self, server: Server, database: str) -> None:
        """Make the tables and put the rows in; the database's time zone is far from UTC."""
        server.execute(f"ALTER DATABASE {database} SET timezone = 'America/New_York'")
        for name in self.tables or (self.profile,):
            server.execute((SCHEMAS / f"{name}.sql").read_text(), database)
        server.execute(self.rows, database)


def rows(table: str, columns: str, *values: tuple[int, str]) -> str:
    """Return inserts of each tuple of SQL values as often as its number says; `n` in it counts the rows."""
    return "".join(
        f"INSERT INTO {table} ({columns}) SELECT {value} FROM generate_series(1, {times}) AS n;\n"
        for times, value in values
    )


def states(**kinds: Mapping[str, int]) -> States:
    return {(kind, state): count for kind, counts in kinds.items() for state, count in counts.items()}


# Now, and some time away from it, as a naive time in UTC, as seconds, and as ISO 8601 text.
UTC = "(now() at time zone 'UTC')"
EPOCH = "extract(epoch from now())::bigint"
FLYWAY = (
    "INSERT INTO flyway_schema_history VALUES"
    " (1, '1', 'a', 'SQL', 'V1__a.sql', 1, 'o', now() at time zone 'UTC' - interval '1 min', 5, true),"
    " (2, '2', 'b', 'SQL', 'V2__b.sql', 1, 'o', now() at time zone 'UTC' - interval '1 min', 5, false);"
)
MIGRATED = [("1", True, "SQL", True), ("2", False, "SQL", True)]
JSON_LISTS = [
    ("broken", None, None, True),
    ("web", ["authorization_code", "refresh_token"], ["https://a.example/cb", "http://b.example/*"], True),
]


def iso(offset: str, suffix: str = "+00:00") -> str:
    """Return a time away from now as text; `suffix` is `-05:00`, or UTC as `Z`, `+00:00` or nothing."""
    zone = "Etc/GMT+5" if suffix == "-05:00" else "UTC"
    shape = 'YYYY-MM-DD"T"HH24:MI:SS.US'
    return f"to_char((now() + interval '{offset}') at time zone '{zone}', '{shape}') || '{suffix}'"
