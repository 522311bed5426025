"""Rules for the function that shows a role of pg_monitor what bloat is estimated from, and no value."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest

from exporter.column_statistics import NAME, creation
from exporter.findings import Level
from exporter.model import Alternative, DatabaseInfo, ExtensionInfo, Needs
from health import TOKENS_QUERY, WELL, found
from servers import MONITOR, Server
from shipped import fresh_database

SECRET = "tok_secret"
_ALL = f"SELECT * FROM {NAME}(ARRAY['public.t', 'public.ti']::pg_catalog.regclass[]::oid[])"
_TABLE = f"""
CREATE TABLE public.t (id int, word text, amount numeric(12,2), note varchar(400), wide text, nil text);
INSERT INTO public.t
SELECT g,
    CASE WHEN g % 4 = 0 THEN '{SECRET}' ELSE '{SECRET}' || (10000 + g) END,
    424242, repeat('n', 130 + g % 8), repeat('w', 300), NULL
FROM pg_catalog.generate_series(1, 2000) AS g;
CREATE INDEX ti ON public.t (upper(word));
ANALYZE public.t;
"""


@dataclass(frozen=True)
class Place:
    """A database with a table of secrets, and what the role `monitor` is told about it."""

    server: Server
    database: str

    def ask(self, sql: str = _ALL) -> list[dict[str, object]]:
        with psycopg.connect(self.server.monitor_dsn(self.database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def column(self, number: int, relation: str = "t") -> dict[str, object]:
        [(oid,)] = self.server.execute(f"SELECT 'public.{relation}'::pg_catalog.regclass::oid", self.database)
        [row] = [row for row in self.ask() if (row["relation"], row["attnum"]) == (oid, number)]
        return row


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[Place]:
    """The function is created twice, as whoever runs the grants again does."""
    server.monitor_dsn()
    with fresh_database(server) as database:
        server.execute(_TABLE, database)
        for _ in range(2):
            server.execute("\n".join(creation(MONITOR)), database)
        yield Place(server, database)


def test_no_value_leaves_whatever_the_columns_hold(place: Place) -> None:
    """All that comes back are whole numbers that name a column or count, and fractions: no text, no value."""
    rows = place.ask()
    assert {type(row["relation"]) for row in rows} == {int}
    lists = [row[name] for row in rows for name in ("mcv_freqs", "residues")]
    fractions = [row[name] for row in rows for name in ("null_frac", "mcv_sum")]
    fractions += [one for each in lists if isinstance(each, list) for one in each]
    assert all(one is None or (isinstance(one, float) and 0 <= one <= 1.00001) for one in fractions)
    told = {name: {type(row[name]) for row in rows} - {type(None)} for row in rows for name in row}
    assert {kind for kinds in told.values() for kind in kinds} == {int, float, list}
    assert SECRET not in str(rows)
    assert "424242" not in str(rows)


def test_the_role_sees_no_other_statistics_of_a_table_that_it_may_not_read(place: Place) -> None:
    assert place.ask("SELECT * FROM pg_catalog.pg_stats WHERE tablename IN ('t', 'ti')") == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        place.ask("SELECT stavalues1 FROM pg_catalog.pg_statistic")


def test_what_it_tells_is_what_pg_stats_shows_to_a_superuser(place: Place) -> None:
    shown = place.server.execute(
        "SELECT attname, null_frac, avg_width, n_distinct, correlation, most_common_freqs"
        " FROM pg_catalog.pg_stats WHERE tablename = 't' ORDER BY attname",
        place.database,
    )
    names = ("id", "word", "amount", "note", "wide", "nil")
    told = [
        (
            name,
            *(place.column(number)[key] for key in ("null_frac", "avg_width", "n_distinct", "correlation")),
        )
        for number, name in enumerate(names, 1)
    ]
    assert sorted(told) == [row[:5] for row in shown]
    word = place.column(2)
    assert (word["mcv_freqs"], word["mcv_count"]) == ([pytest.approx(0.25)], 1)
    assert word["mcv_sum"] == pytest.approx(0.25)


def test_an_expression_of_an_index_is_told_by_the_index(place: Place) -> None:
    expression, column = place.column(1, "ti"), place.column(2)
    assert expression["residues"] == column["residues"]
    # What is computed and not read from a row has a header of four bytes, where ANALYZE measures it.
    assert (expression["avg_width"], column["avg_width"]) == (17, 14)


def test_residues_are_shares_of_how_values_are_stored(place: Place) -> None:
    """A header of 1 with text of 10 or 15 bytes, of 1 with a number of 6, of 4 with text of 130 to 137."""

    def shares(number: int) -> list[float]:
        residues = place.column(number)["residues"]
        assert isinstance(residues, list)
        return [one or 0.0 for one in residues]

    length = len(SECRET)
    expected = [0.0] * 8
    expected[(length + 1) % 8] += 0.25
    expected[(length + 6) % 8] += 0.75
    assert shares(2) == pytest.approx(expected, abs=0.01)
    assert shares(3) == pytest.approx([0, 0, 0, 0, 0, 0, 0, 1], abs=0.01)
    assert shares(4) == pytest.approx([0.125] * 8, abs=0.01)
    assert place.column(5)["residues"] is None or not any(shares(5))


def test_nobody_else_may_call_it(place: Place) -> None:
    name, password = f"other_{secrets.token_hex(4)}", secrets.token_hex(12)
    place.server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    try:
        dsn = place.server.dsn(place.database, name, password)
        with psycopg.connect(dsn, autocommit=True) as connection:
            for schema_is_open in (False, True):
                if schema_is_open:
                    place.server.execute(f"GRANT USAGE ON SCHEMA oauth_exporter TO {name}", place.database)
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT * FROM {NAME}('{{}}')".encode())
    finally:
        place.server.execute(f"DROP OWNED BY {name}", place.database)
        place.server.execute(f"DROP ROLE {name}")


def test_nothing_of_the_callers_search_path_runs_with_the_owners_rights(place: Place) -> None:
    """Whoever calls it cannot slip in a function or an operator that then reads the values."""
    place.server.execute(
        f"""
        CREATE SCHEMA evil;
        GRANT USAGE ON SCHEMA evil TO {MONITOR};
        CREATE FUNCTION evil.octet_length(text) RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'seen %', $1; END $$;
        CREATE FUNCTION evil.modulo(int, int) RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'seen %', $1; END $$;
        CREATE OPERATOR evil.% (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.modulo);
        """,
        place.database,
    )
    with psycopg.connect(place.server.monitor_dsn(place.database), autocommit=True) as connection:
        connection.execute("SET search_path = evil, pg_catalog")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("SELECT 5 % 3")
        assert connection.execute(_ALL.encode()).fetchall()


HELPED = replace(
    TOKENS_QUERY, name="bloat", needs=Needs(), alternatives=(Alternative("helper", Needs(function=NAME)),)
)
ASKED = replace(WELL, queries={**WELL.queries, "bloat": HELPED})
HIDDEN = replace(ASKED, databases={"app": DatabaseInfo("app")})


def test_doctor_offers_the_function_where_statistics_are_hidden() -> None:
    [finding] = found(HIDDEN, "column statistics")
    assert finding.level is Level.INFO
    assert "--database app --column-statistics" in finding.remedy
    assert "Free space" not in finding.detail
    [finding] = found(
        replace(
            HIDDEN, databases={"app": DatabaseInfo("app", {"pgstattuple": ExtensionInfo("1.5", "public")})}
        ),
        "column statistics",
    )
    assert "Free space is measured in app" in finding.detail


def test_doctor_is_silent_where_statistics_can_be_had_or_nobody_asks() -> None:
    helped = {"app": DatabaseInfo("app", functions={NAME: True})}
    for facts in (
        replace(HIDDEN, databases=helped),
        replace(HIDDEN, role=replace(WELL.role, reads_data=True)),
        replace(HIDDEN, role=replace(WELL.role, superuser=True)),
        replace(HIDDEN, queries=WELL.queries),
    ):
        assert found(facts, "column statistics") == []
