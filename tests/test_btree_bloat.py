"""Rules of bloat estimates on B-trees whose state is made on purpose; truth is what REINDEX makes of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
import pytest

from exporter.column_statistics import creation
from exporter.derive import DERIVATIONS
from exporter.derive.btree_bloat import estimates
from exporter.model import Query
from exporter.rest import summed_up
from exporter.samples import families
from servers import MONITOR, Server
from shipped import QUERIES, Answer, connect, fresh_database, run

QUERY = QUERIES["index_bloat"]

_COLUMNS = """
    id bigint PRIMARY KEY, number int, flag bool, code text, word text COLLATE "C", price numeric(12, 2),
    rare int, address inet, other int
"""
_ROWS = """
    SELECT g, g % 700, g % 2 = 0, md5(g::text), 'word ' || g % 90, g * 7919 % 100003 * 0.01,
        CASE WHEN random() < 0.1 THEN g END, inet '10.0.0.0' + g, (random() * 50)::int
    FROM generate_series(1, 20000) AS g
"""
# Built on the loaded table, so that none is bloated before rows are deleted.
_INDEXES: Mapping[str, str] = {
    "unique_number": "UNIQUE INDEX {} ON t (id, number)",
    "repeated": "INDEX {} ON t (number)",
    "two_values": "INDEX {} ON t (flag)",
    "text": "INDEX {} ON t (code)",
    "expression": "INDEX {} ON t (lower(code))",
    "repeated_text": "INDEX {} ON t (word)",
    "not_deduplicated": "INDEX {} ON t (flag, price)",
    "switched_off": "INDEX {} ON t (number) WITH (deduplicate_items = off)",
    "included": "INDEX {} ON t (number) INCLUDE (flag)",
    "filled_half": "INDEX {} ON t (id) WITH (fillfactor = 50)",
    "mostly_null": "INDEX {} ON t (flag, rare)",
    "without_nulls": "INDEX {} ON t (rare, code) WHERE rare IS NOT NULL",
    "only_nulls": "INDEX {} ON t (number, rare) WHERE rare IS NULL AND id > 0",
    "part": "INDEX {} ON t (code) WHERE flag",
    "addresses": "INDEX {} ON t (address)",
    "three": "INDEX {} ON t (other, flag, number)",
}
_TOLERANCE = 0.05  # a page of twenty


@dataclass(frozen=True)
class Place:
    """A database with these indexes, and the share of each that REINDEX gives back."""

    server: Server
    database: str
    truth: Mapping[str, float]

    def found(self, alternative: str = "", dsn: str | None = None) -> dict[str, tuple[float | None, str]]:
        """Return the share of bloat and the confidence of each index."""
        with connect(dsn or self.server.dsn(self.database)) as session:
            session.execute("SET lock_timeout = '100ms'")
            rows = run(session, _query(alternative))
        return {one.index.name[2]: (one.ratio, one.confidence.value) for one in estimates(rows)}


def _query(alternative: str) -> Query:
    variants = {each.name: each.variants for each in QUERY.alternatives}
    return replace(QUERY, variants=variants.get(alternative, QUERY.variants))


def _pages(server: Server, database: str) -> dict[str, int]:
    rows = server.execute(
        "SELECT relname, pg_relation_size(oid) / 8192 FROM pg_class"
        " WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace",
        database,
    )
    return {str(name): int(str(pages)) for name, pages in rows}


def _until(server: Server, database: str, condition: str) -> None:
    deadline = time.monotonic() + 10
    while server.execute(condition, database) != [(True,)]:
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


@pytest.fixture(scope="module")
def fresh(server: Server) -> Iterator[str]:
    """A database with the indexes as they were built."""
    server.monitor_dsn()
    with fresh_database(server) as name:
        server.execute(f"CREATE TABLE t ({_COLUMNS}) WITH (autovacuum_enabled = off)", name)
        server.execute(f"SELECT setseed(0.5); INSERT INTO t {_ROWS}", name)
        made = "; ".join(f"CREATE {sql.format(name)}" for name, sql in _INDEXES.items())
        server.execute(f"{made}; REINDEX TABLE t; ANALYZE t", name)
        server.execute("\n".join(creation(MONITOR)), name)
        _until(server, name, "SELECT n_live_tup = 20000 FROM pg_stat_user_tables WHERE relname = 't'")
        yield name


@pytest.fixture(scope="module")
def place(server: Server, fresh: str) -> Iterator[Place]:
    """A copy of it in which two thirds of the rows are gone."""
    names = f"{fresh}_deleted", f"{fresh}_rebuilt"
    server.execute(f"CREATE DATABASE {names[0]} TEMPLATE {fresh}")
    try:
        server.execute("DELETE FROM t WHERE id % 3 > 0", names[0])
        _until(server, names[0], "SELECT n_dead_tup > 10000 FROM pg_stat_user_tables WHERE relname = 't'")
        server.execute("VACUUM t", names[0])
        server.execute("ANALYZE t", names[0])
        _until(
            server, names[0], "SELECT last_analyze IS NOT NULL AND n_live_tup < 7000 FROM pg_stat_user_tables"
        )
        server.execute(f"CREATE DATABASE {names[1]} TEMPLATE {names[0]}")
        before = _pages(server, names[1])
        server.execute("REINDEX TABLE t", names[1])
        after = _pages(server, names[1])
        yield Place(server, names[0], {name: max(0, 1 - after[name] / before[name]) for name in before})
    finally:
        for name in names:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.mark.parametrize("alternative", ["", "helper"])
def test_an_index_just_built_has_no_bloat(server: Server, fresh: str, alternative: str) -> None:
    found = Place(server, fresh, {}).found(alternative)
    assert found.keys() >= {name for name, pages in _pages(server, fresh).items() if pages >= 10}
    wrong = {name: said for name, said in found.items() if said[0] is None or said[0] > _TOLERANCE}
    assert wrong == {}


@pytest.mark.parametrize("alternative", ["", "helper"])
def test_estimates_are_what_a_rebuild_gives_back(place: Place, alternative: str) -> None:
    found = place.found(alternative)
    assert len(found) >= len(_INDEXES) - 2
    wrong = {
        name: (ratio, place.truth[name])
        for name, (ratio, _) in found.items()
        if ratio != pytest.approx(place.truth[name], abs=_TOLERANCE)
    }
    assert wrong == {}
    assert found["text"][1] == "high"
    assert place.truth["text"] > 0.6


def test_dependent_columns_are_known_by_their_size_or_marked(server: Server, place: Place) -> None:
    """Each account has one client: there are 2,000 pairs, where independent columns would make 20,000."""
    with fresh_database(server) as database:
        server.execute(
            "CREATE TABLE t (client int, account int) WITH (autovacuum_enabled = off);"
            " INSERT INTO t SELECT g % 2000 / 20, g % 2000 FROM generate_series(1, 20000) AS g;"
            " CREATE INDEX depends ON t (client, account); ANALYZE t",
            database,
        )
        ratio, confidence = Place(server, database, {}).found()["depends"]
    assert (ratio, confidence) == (0.0, "low")


def test_with_pg_monitor_alone_only_what_types_tell_is_estimated(place: Place) -> None:
    dsn = place.server.monitor_dsn(place.database)
    found = place.found("", dsn)
    assert found["t_pkey"] == place.found()["t_pkey"]
    assert found["filled_half"] == (None, "none")
    assert found["text"] == (None, "none")


def test_with_the_function_pg_monitor_sees_what_a_superuser_sees(place: Place) -> None:
    assert place.found("helper", place.server.monitor_dsn(place.database)) == place.found("helper")


@contextmanager
def _locked(place: Place, name: str, *, waits: bool) -> Iterator[None]:
    """Hold an ACCESS EXCLUSIVE lock on an index, as REINDEX does, or wait for it behind a reader."""
    dsn = place.server.dsn(place.database)
    with psycopg.connect(dsn) as reader, psycopg.connect(dsn) as builder, ThreadPoolExecutor(1) as pool:
        if waits:
            reader.execute("SET LOCAL enable_seqscan = off")
            reader.execute("SELECT code FROM t WHERE code = 'x'")
        built = pool.submit(builder.execute, f"REINDEX INDEX {name}".encode())
        state = f"mode = 'AccessExclusiveLock' AND granted = {not waits}"
        held = f"SELECT count(*) = 1 FROM pg_locks WHERE relation = '{name}'::regclass AND {state}"
        _until(place.server, place.database, held)
        yield
        reader.rollback()
        built.result()
        builder.rollback()


@pytest.mark.parametrize("waits", [False, True])
def test_a_locked_index_costs_its_own_current_size_and_nothing_else(place: Place, *, waits: bool) -> None:
    """Also when the lock is awaited only: who comes later would queue behind it."""
    before = place.found("helper")
    with _locked(place, "text", waits=waits):
        during = place.found("helper")  # fails where it waits: lock_timeout is 100 ms
    assert before["text"] == (during["text"][0], "high")
    assert {name for name in before if before[name] != during[name]} == {"text"}
    assert during["text"][1] == "low"


def test_the_answer_has_numbers_names_for_them_and_the_rest_in_sum(place: Place) -> None:
    with connect(place.server.dsn(place.database)) as session:
        first = run(session, _query("helper"))
    rows, _ = DERIVATIONS["btree_bloat"](first, None, 0.0)
    small = replace(QUERY, limit=18)  # of three families: five rows and one for the rest
    rows, _ = summed_up(small, rows, None)
    answer = Answer(families(small, rows, "test", place.database).families)
    named, rest = (
        answer.values("pg_index_bloat_bytes", **labels)
        for labels in ({"relname": "t"}, {"indexrelname": "_other"})
    )
    everything = sum(one.bytes or 0 for one in estimates(first))
    assert (len(named), sum(named) + sum(rest)) == (2, everything)
    assert len(answer.values("pg_index_bloat_estimate_info", method="catalog")) == 3


def test_a_standby_estimates_from_what_its_primary_wrote(place: Place, standby: Server) -> None:
    """It has no count of live rows, so it takes the one of the last VACUUM or ANALYZE."""
    standby.catch_up()
    ratio, confidence = Place(standby, place.database, {}).found("helper")["text"]
    assert ratio == pytest.approx(place.truth["text"], abs=_TOLERANCE)
    assert confidence == "low"
