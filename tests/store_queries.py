"""Owns how tests read the queries over the common model of token stores, and bind them to a profile.

In their SQL a name after a colon stands for what the profile knows:
- `:tokens`, an entity: a subselect with all fields of the model; without rows where the store has none;
- `:tokens_issued_within_11m`: the same, of rows whose time is that long ago or later, compared as the column
  stores it, so that an index on it helps;
- `:tokens_retention`: an interval; `:tokens_relations`: regclass[], the relations that hold the rows;
- `:codes_has_used`: whether the store shows that field; false where it has nothing of the entity;
- `:tokens_kinds`, `:tokens_kinds_with_used`: text[], the kinds that every such store has, those that show a
  field.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from exporter import bind
from exporter.catalog import load
from exporter.derive import DERIVATIONS
from exporter.derive.top_clients import top_clients
from exporter.derive.window_counter import window_counter
from exporter.duration import parse_duration
from exporter.entities import FIELDS, Entity
from exporter.model import Query, Rows
from exporter.profile import Constant, KindColumn, Profile, Source, TimeColumn, TimeExpression
from exporter.profile_files import load as load_profiles
from exporter.quoting import literal
from exporter.recognise import facts_from, facts_sql, fitted, located
from exporter.samples import families
from servers import Server
from shipped import Answer, fresh_database

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "tests/schemas"
PROFILES = load_profiles([ROOT / "profiles"])
DERIVED = {**DERIVATIONS, "window_counter": window_counter, "top_clients": top_clients}
FOLDERS = ("store", "store_clients")
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")
_OVER = re.compile(r"^-- (over|over_any): \[(.+)\]\n", re.MULTILINE)


def _files() -> Iterator[Path]:
    for folder in FOLDERS:
        for parent in ("queries", "drafts"):
            yield from sorted((ROOT / parent / folder).glob("*.sql"))


def _read() -> tuple[Mapping[str, Query], Mapping[str, tuple[str, tuple[Entity, ...]]]]:
    """Return the queries by name, as the loader reads them, and what each is over."""
    over = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "store")
        folder.mkdir()
        for path in _files():
            text = path.read_text()
            if found := _OVER.search(text):
                over[path.stem] = (found[1], tuple(Entity(word.strip()) for word in found[2].split(",")))
            text = re.sub(r"^-- needs: \{max_pages: \d+\}\n", "", _OVER.sub("", text), flags=re.MULTILINE)
            (folder / path.name).write_text(text)
        return load([Path(name)], DERIVED).queries, over


QUERIES, OVER = _read()


def profile_of(name: str, server: Server, database: str) -> Profile:
    """Return a shipped profile as it fits a database."""
    profile = located(PROFILES[name], "public")
    found, lacks = fitted(profile, facts_from(server.execute(facts_sql([profile]), database)))
    assert lacks == ()
    return found


def bound(sql: str, profile: Profile, left_out: Collection[Entity] = ()) -> str:
    """Return a query's SQL for a profile; `left_out` are entities that are not to be read."""
    sources = {entity: () if entity in left_out else profile.of(entity) for entity in Entity}
    return _PLACEHOLDER.sub(lambda match: _value(match[1], profile, sources), sql)


def _value(name: str, profile: Profile, sources: Mapping[Entity, tuple[Source, ...]]) -> str:
    entity = next(one for one in Entity if name.startswith(one))
    mine, rest = sources[entity], name.removeprefix(entity).removeprefix("_")
    if rest == "retention":
        return f"interval '{profile.retention[entity]:.0f} s'"
    if rest == "relations":
        names = sorted({literal(bind.qualified(source.relation)) for source in mine})
        return f"array[{', '.join(names)}]::regclass[]"
    if rest.startswith("has_"):
        return str(any(rest.removeprefix("has_") in source.fields for source in mine)).lower()
    if rest.startswith("kinds"):
        field = rest.removeprefix("kinds").removeprefix("_with_")
        return _kinds([source for source in mine if not field or field in source.fields])
    field, _, duration = rest.partition("_within_")
    assert not rest or duration, f"there is no placeholder :{name}"
    return _subselect(entity, [_arm(source, field, duration) for source in mine])


def _subselect(entity: Entity, arms: Collection[str]) -> str:
    if arms:
        return f"({' union all '.join(arms)})"
    types = {name: field.absent or _ABSENT[name] for name, field in FIELDS[entity].items()}
    return f"(select {', '.join(f'{value} as {name}' for name, value in types.items())} where false)"


_ABSENT = {
    "expires": "null::timestamptz",
    **dict.fromkeys(("kind", "id", "state", "version"), "null::text"),
}


def _arm(source: Source, field: str, duration: str) -> str:
    """Return the rows of a source, those whose time is above now - `duration` if there is one."""
    rows, time = bind.source_sql(source), source.fields.get(field)
    if not duration:
        return rows
    moment = f"(now() - interval '{parse_duration(duration):.0f} s')"
    if isinstance(time, TimeColumn) and not time.otherwise and (plain := bind.in_domain(time.type, moment)):
        return f"{rows} and {bind.column(time.column)} > {plain}"
    if isinstance(time, TimeColumn | TimeExpression):
        return f"{rows} and {bind.timestamptz(time, source)} > {moment}"
    return f"{rows} and false"


def _kinds(sources: Collection[Source]) -> str:
    kinds: dict[str, None] = {}
    for source in sources:
        match source.fields["kind"]:
            case Constant(kind):
                kinds[kind] = None
            case KindColumn(_, written):
                usual = (kind for kind in written.values() if kind in {"access", "refresh"})
                kinds |= dict.fromkeys(usual)
            case _:
                pass
    return f"array[{', '.join(map(literal, kinds))}]::text[]"


@contextmanager
def store_of(name: str, server: Server) -> Iterator[Store]:
    """Make a database with the tables of a profile."""
    with fresh_database(server) as database:
        server.execute((SCHEMAS / f"{name}.sql").read_text(), database)
        yield Store(server, database, profile_of(name, server, database))


@dataclass(frozen=True, slots=True)
class Store:
    """A database with the tables of a profile."""

    server: Server
    database: str
    profile: Profile

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a transaction that is rolled back. Its clock stands still, so that edges can be hit."""
        with psycopg.connect(self.server.dsn(self.database), options="-c TimeZone=UTC") as connection:
            yield Session(connection, self.profile)
            connection.rollback()


@dataclass(frozen=True, slots=True)
class Session:
    """A transaction in a token store."""

    connection: psycopg.Connection
    profile: Profile

    def insert(self, table: str, **values: object) -> None:
        """Insert a row; a value that is a float is a time in seconds from now, a list an array."""
        places = {name: _MOMENT if isinstance(value, float) else "%s" for name, value in values.items()}
        into, given = ", ".join(places), ", ".join(places.values())
        self.connection.execute(
            f"INSERT INTO public.{table} ({into}) VALUES ({given})".encode(), tuple(values.values())
        )

    def rows(self, name: str, left_out: Collection[Entity] = ()) -> Rows:
        """Run a query as sessions of the exporter do."""
        return rows_of(self.connection, name, self.profile, left_out)

    def ask(self, name: str, left_out: Collection[Entity] = ()) -> Answer:
        """Return the samples of a query's first run; none of them may be dropped."""
        query, rows = QUERIES[name], self.rows(name, left_out)
        if query.derive is not None:
            rows, _ = DERIVED[query.derive](rows, None, 0.0)
        found = families(query, rows, "test", "test")
        assert found.dropped == {}
        return Answer(found.families)

    def by(self, name: str, family: str, label: str, **labels: str) -> dict[str, object]:
        """Return the values of a family by one of its labels, of the series that have the others."""
        return {
            pairs[label]: sample.value
            for one in self.ask(name).families
            if one.name == family
            for sample in one.samples
            if (pairs := dict(zip(one.label_names, sample.labels, strict=True)))
            and labels.items() <= pairs.items()
        }


# An instant, as timestamp and timestamptz columns both take it when the session's time zone is UTC.
_MOMENT = "now() + make_interval(secs => %s)"


def rows_of(
    connection: psycopg.Connection, name: str, profile: Profile, left_out: Collection[Entity] = ()
) -> Rows:
    """Run a query as sessions of the exporter do, in the connection's transaction."""
    connection.execute("SET LOCAL search_path = ''")
    cursor = connection.execute(bound(QUERIES[name].variants[0][1], profile, left_out).encode())
    assert cursor.description is not None
    connection.execute("SET LOCAL search_path = public")
    return Rows(tuple(column.name for column in cursor.description), cursor.fetchall())
