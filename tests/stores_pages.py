"""Owns how tests fill a real store by what it means, and hold every number of its page against a count."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import psycopg
import pytest

from exporter.derive import DERIVATIONS
from exporter.model import Histogram, Number, Sample
from exporter.override import Overrides, merge
from exporter.recognise import facts_from, facts_sql, fitted
from exporter.samples import families
from servers import Server
from shipped import fresh_database
from store_queries import PROFILES, QUERIES, SCHEMAS, Session
from stores import EPOCH, UTC, iso, rows
from stores_meaning import Content, Migration
from stores_numbers import Meaning, Numbers

Found = dict[str, dict[str, Number | Histogram]]

# Times as the tables hold them; far from what a session's own time zone would make of them.
Clock = Callable[[float | None], str]
FLYWAY = (
    "installed_rank, version, description, type, script, installed_by, execution_time, success, installed_on"
)


def tz(seconds: float | None) -> str:
    return "null" if seconds is None else f"now() + interval '{seconds} s'"


def naive(seconds: float | None) -> str:
    return "null" if seconds is None else f"{UTC} + interval '{seconds} s'"


def epoch(seconds: float | None) -> str:
    return "null" if seconds is None else f"{EPOCH} + {seconds:.0f}"


def text(seconds: float | None) -> str:
    return "null" if seconds is None else iso(f"{seconds} s")


def quoted(value: object) -> str:
    """Return a value as SQL; a value that is already SQL does not come here."""
    return "null" if value is None else str(value) if isinstance(value, bool) else f"'{value}'"


def inserts(table: str, columns: str, values: Iterable[tuple[int, tuple[str, ...]]]) -> str:
    """Return inserts of rows, each given as how often and its SQL values."""
    return rows(table, columns, *((times, ", ".join(cells)) for times, cells in values))


def flyway(migrations: Iterable[Migration], clock: Clock = naive) -> str:
    return inserts(
        "flyway_schema_history",
        FLYWAY,
        (
            (
                1,
                (
                    quoted(m.version),
                    quoted(m.version),
                    "'d'",
                    "'SQL'",
                    "'s'",
                    "'o'",
                    "1",
                    quoted(m.success),
                    clock(m.installed),
                ),
            )
            for m in migrations
        ),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A profile's store: how to fill its tables, and which of them hold what."""

    profile: str
    meaning: Meaning
    fill: Callable[[Content], str]
    tables: Mapping[str, Collection[str]]
    schemas: Collection[str] = ()
    extra: str = ""  # tables that the schema of the tests does not have
    never: Collection[str] = ()  # families that are always 0 in such a store
    overrides: Overrides = field(default_factory=lambda: Overrides(schema="public"))

    def check(self, server: Server) -> None:
        """Fill a new database and compare all metrics; those that are not counted have to be absent."""
        with fresh_database(server) as database:
            for name in self.schemas or (self.profile,):
                server.execute((SCHEMAS / f"{name}.sql").read_text(), database)
            server.execute(self.extra or "SELECT", database)
            merged = merge(PROFILES[self.profile], self.overrides)
            profile, lacks = fitted(merged, facts_from(server.execute(facts_sql([merged]), database)))
            assert lacks == ()
            reasons = {one.what for one in profile.unobservable}
            # What no metric can show has a reason in the profile.
            assert {
                name for name in self.meaning.hides if not {name, name.partition(".")[0]} & reasons
            } == set()
            options = "-c TimeZone=America/New_York -c session_replication_role=replica"
            with psycopg.connect(server.dsn(database), options=options) as connection:
                session = Session(connection, profile)
                found = self._look(session)
                expected = self.meaning.numbers()
                zero = {name for name, values in expected.items() if not any(values.values())}
                assert zero == {"oauth2_tokens_half_width", *self.never}
                now = connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
                assert now is not None
                wrong = differences(compared(found, expected), expected_at(expected, now[0]))
                assert not wrong, wrong
                connection.commit()
                if server.major >= 15:  # older ones cannot be told to publish their counters at once
                    self._check_changes(session)

    def _look(self, session: Session) -> Found:
        """Return the samples of all queries; the derived ones look once before what comes later, too."""
        session.connection.execute(self.fill(self.meaning.first).encode())
        states = {
            name: DERIVATIONS[query.derive](answer, None, 0.0)[1]
            for name, query in QUERIES.items()
            if query.derive and (answer := session.rows(name)).columns
        }
        session.connection.execute(self.fill(self.meaning.later).encode())
        found: Found = {}
        for name, query in QUERIES.items():
            answer = session.rows(name)
            if not answer.columns or name in _APART:
                continue
            if query.derive:
                answer, _ = DERIVATIONS[query.derive](answer, states[name], 60.0)
            made = families(query, answer, "test", "test")
            assert made.dropped == {}
            for family in made.families:
                for sample in family.samples:
                    found.setdefault(family.name, {})[_labels(family.label_names, sample)] = sample.value
        return found

    def _check_changes(self, session: Session) -> None:
        """Delete all rows; those that came and went are what the tables held."""
        connection = session.connection
        counts = {
            entity: sum(_rows(connection, f"SELECT count(*) FROM public.{table}") for table in tables)
            for entity, tables in self.tables.items()
        }
        for table in {table for tables in self.tables.values() for table in tables}:
            connection.execute(f"DELETE FROM public.{table}".encode())
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.commit()
        for family in ("oauth2_rows_inserted_total", "oauth2_rows_deleted_total"):
            assert session.by("row_changes", family, "entity") == counts
        assert all(counts.values())


# Of changes and of roles instead of rows: they have tests of their own.
_APART = ("row_changes", "token_privileges")


def compared(found: Found, expected: Numbers) -> Found:
    """Return what was found without zeros of series that nobody counted: a page shows some of its own."""
    return {
        family: {
            labels: value
            for labels, value in values.items()
            if value != 0 or labels in expected.get(family, {})
        }
        for family, values in found.items()
        if values
    }


def differences(found: Found, expected: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Return what was found and what was counted of each family in which they differ."""
    return {
        name: f"found {found.get(name)}, counted {expected.get(name)}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    }


def expected_at(numbers: Numbers, now: float) -> dict[str, dict[str, object]]:
    return {
        family: {labels: _value(family, value, now) for labels, value in values.items()}
        for family, values in numbers.items()
    }


def _value(family: str, value: object, now: float) -> object:
    if isinstance(value, list):
        return _Counted([round(one) for one in value] if "lifetime" in family else value)
    if family.endswith("_timestamp_seconds"):
        return pytest.approx(now + float(str(value)), abs=1)
    # Whole seconds are what some tables hold.
    return pytest.approx(value, abs=1 if family.endswith("_seconds") else 1e-9)


class _Counted:
    """Equals a histogram of these numbers."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histogram)
            and other.count == len(self.values)
            and other.sum == pytest.approx(sum(self.values))
            and other.buckets == tuple(sum(one <= bound for one in self.values) for bound in other.bounds)
        )

    def __hash__(self) -> int:
        return hash(tuple(self.values))

    def __repr__(self) -> str:
        return f"histogram of {self.values}"


def _labels(names: tuple[str, ...], sample: Sample) -> str:
    pairs = zip(names, sample.labels, strict=True)
    return " ".join(value for name, value in pairs if name not in {"target", "datname"} and value)


def _rows(connection: psycopg.Connection, sql: str) -> int:
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return int(row[0])
