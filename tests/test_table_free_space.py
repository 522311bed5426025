"""Rules of free and dead bytes, where an extension tells; truth is what pgstattuple finds in full."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest

from servers import Server
from shipped import Answer, ask_on, connect, fresh_database

_TABLES = """
CREATE SCHEMA "My Tools";
CREATE EXTENSION pgstattuple SCHEMA "My Tools";
CREATE EXTENSION pg_freespacemap SCHEMA "My Tools";
GRANT USAGE ON SCHEMA "My Tools" TO monitor;
CREATE TABLE public.holed (id int, w text) WITH (autovacuum_enabled = false);
INSERT INTO public.holed SELECT g, md5(g::text) FROM generate_series(1, 20000) AS g;
CREATE TABLE public.large (id int, w text) WITH (autovacuum_enabled = false);
INSERT INTO public.large SELECT g, md5(g::text) FROM generate_series(1, 200000) AS g;
CREATE TABLE public.toasted (id int, w text) WITH (autovacuum_enabled = false);
INSERT INTO public.toasted
SELECT g, (SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 200) AS i)
FROM generate_series(1, 300) AS g;
CREATE TABLE public.dead (id int, w text) WITH (autovacuum_enabled = false);
INSERT INTO public.dead SELECT g, md5(g::text) FROM generate_series(1, 20000) AS g;
"""


@dataclass(frozen=True)
class Place:
    """A database with tables that have holes, and one with dead rows."""

    server: Server
    database: str

    def ask(self, name: str) -> Answer:
        with connect(self.server.monitor_dsn(self.database)) as connection:
            connection.execute("SET lock_timeout = '100ms'")
            return ask_on(connection, name)

    def truth(self, relation: str, column: str) -> int:
        [(found,)] = self.server.execute(
            f'SELECT {column} FROM "My Tools".pgstattuple({relation})', self.database
        )
        return int(str(found))


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[Place]:
    """The extensions live in a schema with a name that has to be quoted."""
    server.monitor_dsn()
    with fresh_database(server) as database:
        server.execute(_TABLES, database)
        server.execute("VACUUM ANALYZE public.dead", database)
        for name, condition in {
            "holed": "id % 5 < 3",
            "large": "hashint4(id) % 4 = 0",
            "toasted": "id % 2 = 0",
        }.items():
            server.execute(f"DELETE FROM public.{name} WHERE {condition}", database)
            server.execute(f"VACUUM ANALYZE public.{name}", database)
        server.execute("DELETE FROM public.dead WHERE id % 2 = 0", database)
        yield Place(server, database)


@pytest.mark.parametrize(
    ("query", "family"),
    [("table_free_space", "pg_table_free_space_bytes"), ("table_approx", "pg_table_approx_free_bytes")],
)
def test_free_bytes_are_those_that_a_look_at_every_page_finds(place: Place, query: str, family: str) -> None:
    answer = place.ask(query)
    for name in ("holed", "large"):
        true = place.truth(f"'public.{name}'", "free_space")
        assert answer.value(family, relname=name, part="heap") == pytest.approx(true, rel=0.04), name
    if query == "table_approx" and place.server.major == 13:  # which looks at no TOAST
        assert answer.values(family, part="toast") == []
        return
    [(toast,)] = place.server.execute(
        "SELECT reltoastrelid FROM pg_class WHERE relname = 'toasted'", place.database
    )
    true = place.truth(f"{toast}::regclass", "free_space")
    assert answer.value(family, relname="toasted", part="toast") == pytest.approx(true, rel=0.04)


@pytest.mark.parametrize("query", ["table_free_space", "table_approx"])
def test_toast_is_named_by_its_table_and_small_catalogues_are_left_out(place: Place, query: str) -> None:
    schemas = {
        sample.labels[list(family.label_names).index("schemaname")]
        for family in place.ask(query).families
        for sample in family.samples
    }
    assert schemas == {"public"}


def test_a_sample_tells_its_error_and_a_whole_look_has_none(place: Place) -> None:
    """Of 1,667 pages 1,000 are looked up; of a few hundred all."""
    answer = place.ask("table_free_space")
    assert answer.value("pg_table_free_space_error_bytes", relname="holed", part="heap") == 0
    error = answer.value("pg_table_free_space_error_bytes", relname="large", part="heap")
    free = answer.value("pg_table_free_space_bytes", relname="large", part="heap")
    assert error is not None
    assert free is not None
    assert 0 < error < 0.05 * free


def test_dead_rows_are_told_until_a_vacuum_removes_them(place: Place) -> None:
    """The map of free space does not know them; looking at the pages does."""
    assert place.ask("table_free_space").value("pg_table_free_space_bytes", relname="dead") == pytest.approx(
        0, abs=20_000
    )
    found = place.ask("table_approx").value("pg_table_approx_dead_bytes", relname="dead")
    assert found == pytest.approx(place.truth("'public.dead'", "dead_tuple_len"), rel=0.02)
    assert place.ask("table_approx").value("pg_table_approx_dead_bytes", relname="holed", part="heap") == 0


@pytest.mark.parametrize("query", ["table_free_space", "table_approx"])
def test_a_locked_table_is_left_out_and_costs_nothing_else(place: Place, query: str) -> None:
    """Also when the lock is only awaited: lock_timeout is 100 ms, and a wait would fail the query."""
    families = {"table_free_space": "pg_table_free_space_bytes", "table_approx": "pg_table_approx_free_bytes"}
    family = families[query]
    before = place.ask(query)
    dsn = place.server.dsn(place.database)
    with psycopg.connect(dsn) as reader, psycopg.connect(dsn) as locker, ThreadPoolExecutor(1) as pool:
        reader.execute("SELECT FROM public.holed LIMIT 1")
        lock = pool.submit(locker.execute, "LOCK TABLE public.holed")
        while place.server.execute("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]:
            assert not lock.done()
        during = place.ask(query)
        reader.rollback()
        lock.result()
        after = place.ask(query)
    assert before.values(family, relname="holed")
    assert during.values(family, relname="holed") == []
    assert after.values(family, relname="holed") == []
    assert during.values(family, relname="large")
