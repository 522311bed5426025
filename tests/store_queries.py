"""Owns how tests ask the shipped queries over token stores of a real server, for any profile."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from exporter.catalog import load, shipped_directory
from exporter.derive import DERIVATIONS
from exporter.entities import Entity
from exporter.model import Rows, Skip
from exporter.overlay import bound
from exporter.profile import Profile
from exporter.profile_files import load as load_profiles
from exporter.recognise import facts_from, facts_sql, fitted, located
from exporter.samples import families
from servers import Server
from shipped import Answer, fresh_database

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "tests/schemas"
PROFILES = load_profiles([ROOT / "profiles"])
QUERIES = {
    name: query for name, query in load([shipped_directory()], DERIVATIONS).queries.items() if query.over
}


def profile_of(name: str, server: Server, database: str) -> Profile:
    """Return a shipped profile as it fits a database."""
    profile = located(PROFILES[name], "public")
    found, lacks = fitted(profile, facts_from(server.execute(facts_sql([profile]), database)))
    assert lacks == ()
    return found


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
        if not rows.columns:  # the profile has no such entity
            return Answer(())
        if query.derive is not None:
            rows, _ = DERIVATIONS[query.derive](rows, None, 0.0)
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
    connection: psycopg.Connection,
    name: str,
    profile: Profile,
    left_out: Collection[Entity] = (),
    *,
    is_large: bool = False,
) -> Rows:
    """Run a query as sessions of the exporter do, in the connection's transaction."""
    made = bound(QUERIES[name], profile, left_out, is_large=is_large)
    if isinstance(made, Skip):
        return Rows((), ())
    connection.execute("SET LOCAL search_path = ''")
    cursor = connection.execute(made.variants[0][1].encode())
    assert cursor.description is not None
    connection.execute("SET LOCAL search_path = public")
    return Rows(tuple(column.name for column in cursor.description), cursor.fetchall())
