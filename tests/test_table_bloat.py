"""Rules of bloat estimates on tables whose state is made on purpose; truth is what VACUUM FULL gives back."""

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
from exporter.rest import summed_up
from exporter.samples import families
from servers import MONITOR, Server
from shipped import QUERIES, Answer, connect, fresh_database, run

# By default fewer tables have a name than there are here.
QUERY = replace(QUERIES["table_bloat"], limit=500)
RATIO, BYTES = "pg_table_bloat_ratio", "pg_table_bloat_bytes"

_LONG = "SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 300) AS i"

# Each with what it is made of and what happens to it; all are analysed at the end but for those in _UNSEEN.
_TABLES: Mapping[str, tuple[str, ...]] = {
    "clean": ("(id int, v int)", "SELECT g, g FROM {g}"),
    "deleted": (
        "(id int, w text)",
        "SELECT g, md5(g::text) FROM {g}",
        "DELETE FROM {t} WHERE id % 5 < 3",
        "VACUUM {t}",
    ),
    "dead": ("(id int, w text)", "SELECT g, md5(g::text) FROM {g}", "DELETE FROM {t} WHERE id % 2 = 0"),
    "padded": ("(a bool, b bigint, c bool, d bigint, e smallint)", "SELECT true, g, false, g, 1 FROM {g}"),
    "filled": ("(id int, w text) WITH (fillfactor = 70)", "SELECT g, md5(g::text) FROM {g}"),
    "dropped": (
        "(id int, junk text, w text)",
        "SELECT g, repeat('j', 80), md5(g::text) FROM {g}",
        "ALTER TABLE {t} DROP COLUMN junk",
    ),
    "nulls": (
        "(a int, b bigint, c text, d int, e int, f int, g int, h int, i int)",
        "SELECT g, NULLIF(g % 3, 0), CASE WHEN g % 2 = 0 THEN md5(g::text) END, 1, 2, 3, 4, 5, 6 FROM {g}",
        "DELETE FROM {t} WHERE a % 4 = 0",
        "VACUUM {t}",
    ),
    "emptied": ("(id int, w text)", "SELECT g, md5(g::text) FROM {g}", "ANALYZE {t}", "DELETE FROM {t}"),
    "small": ("(id int)", "SELECT g FROM generate_series(1, 1500) AS g"),
    "unseen": ("(id int, w text)", "SELECT g, md5(g::text) FROM {g}", "VACUUM {t}"),
    "toasted": (
        "(id int, w text)",
        f"SELECT g, ({_LONG}) FROM generate_series(1, 300) AS g",
        "DELETE FROM {t} WHERE id % 2 = 0",
        "VACUUM {t}",
    ),
}
_UNSEEN = {"unseen"}


@dataclass(frozen=True)
class Place:
    """A database with these tables, and the sizes that they had before and after a rewrite of a copy."""

    server: Server
    database: str
    truth: Mapping[str, tuple[float, float]]

    def ask(self, alternative: str = "", dsn: str | None = None) -> Answer:
        with connect(dsn or self.server.dsn(self.database)) as connection:
            connection.execute("SET lock_timeout = '100ms'")
            return asked(connection, alternative)


def asked(connection: psycopg.Connection, alternative: str = "") -> Answer:
    """Return what the query, or an alternative of it, says on a connection."""
    variants = {each.name: each.variants for each in QUERY.alternatives}
    rows = run(connection, replace(QUERY, variants=variants.get(alternative, QUERY.variants)))
    rows, _ = DERIVATIONS["table_bloat"](rows, None, 0.0)
    rows, _ = summed_up(QUERY, rows, None)
    return Answer(families(QUERY, rows, "test", connection.info.dbname).families)


def confidence(answer: Answer, name: str) -> list[str]:
    """Return the values of the label `confidence` that a table has."""
    return [
        sample.labels[list(family.label_names).index("confidence")]
        for family in answer.families
        if family.name == "pg_table_bloat_estimate_info"
        for sample in family.samples
        if name in sample.labels
    ]


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[Place]:
    server.monitor_dsn()
    with fresh_database(server) as database:
        for name, (columns, fill, *after) in _TABLES.items():
            full = f"public.{name}"
            options = columns.replace(" WITH (", " WITH (autovacuum_enabled = false, ")
            create = options if "WITH (" in options else f"{options} WITH (autovacuum_enabled = false)"
            rows = fill.format(g="generate_series(1, 20000) AS g")
            server.execute(f"CREATE TABLE {full} {create}; INSERT INTO {full} {rows}", database)
            for step in after:
                server.execute(step.format(t=full), database)
        _settle(server, database)
        server.execute("\n".join(creation(MONITOR)), database)
        yield Place(server, database, _truth(server, database))


def _settle(server: Server, database: str) -> None:
    """Analyse, once the counters of the sessions before have arrived; until 14 a process collects them."""
    _until(server, database, "SELECT n_dead_tup >= 10000 FROM pg_stat_user_tables WHERE relname = 'dead'")
    for name in _TABLES.keys() - _UNSEEN:
        server.execute(f"ANALYZE public.{name}", database)
    seen = "SELECT count(last_analyze) FROM pg_stat_user_tables"
    _until(server, database, f"SELECT ({seen}) = {len(_TABLES) - len(_UNSEEN)}")


def _until(server: Server, database: str, condition: str) -> None:
    deadline = time.monotonic() + 10
    while server.execute(condition, database) != [(True,)]:
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


def _sizes(server: Server, database: str) -> dict[str, tuple[int, int]]:
    size = "pg_relation_size(oid), coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0)"
    rows = server.execute(
        f"SELECT relname, {size} FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
        database,
    )
    return {str(name): (int(str(heap)), int(str(toast))) for name, heap, toast in rows}


def _truth(server: Server, database: str) -> dict[str, tuple[float, float]]:
    copy = f"{database}_copy"
    server.execute(f"CREATE DATABASE {copy} TEMPLATE {database}")
    try:
        before = _sizes(server, copy)
        server.execute("VACUUM FULL", copy)
        after = _sizes(server, copy)
    finally:
        server.execute(f"DROP DATABASE {copy} WITH (FORCE)")
    return {
        name: (1 - after[name][0] / heap, 1 - after[name][1] / toast if toast else 0.0)
        for name, (heap, toast) in before.items()
    }


def test_estimates_are_within_two_points_of_what_a_rewrite_gives_back(place: Place) -> None:
    """Padding, fill factor and NULLs are no bloat; dropped columns, dead rows and holes are."""
    for alternative in ("", "helper"):
        answer = place.ask(alternative)
        for name in _TABLES.keys() - {"small", "unseen", "toasted"}:
            ratio = answer.value(RATIO, relname=name)
            allowed = 0.02 if alternative else 0.05
            assert ratio == pytest.approx(place.truth[name][0], abs=allowed), (name, alternative)
    assert place.truth["deleted"][0] == pytest.approx(0.6, abs=0.01)
    assert place.truth["dropped"][0] > 0.4


def test_bytes_are_the_ratio_of_the_size(place: Place) -> None:
    [(size,)] = place.server.execute("SELECT pg_relation_size('public.deleted')", place.database)
    answer = place.ask("helper")
    ratio, found = answer.value(RATIO, relname="deleted"), answer.value(BYTES, relname="deleted")
    assert ratio is not None
    assert found == pytest.approx(ratio * int(str(size)))


def test_a_table_below_ten_pages_has_no_ratio(place: Place) -> None:
    assert place.ask("helper").values(RATIO, relname="small") == []


def test_half_of_the_toast_of_deleted_rows_comes_back(place: Place) -> None:
    """9,600 bytes are four whole chunks and one that is not: an estimate may fall short, and not exceed."""
    ratio = place.ask("helper").value("pg_table_toast_bloat_ratio", relname="toasted")
    assert ratio is not None
    assert place.truth["toasted"][1] - 0.15 <= ratio <= place.truth["toasted"][1] + 0.02


def test_a_table_whose_texts_were_never_analysed_has_a_name_for_that_and_no_number(place: Place) -> None:
    answer = place.ask("helper")
    assert answer.values(BYTES, relname="unseen") == []
    assert (confidence(answer, "unseen"), confidence(answer, "deleted")) == (["none"], ["high"])


def test_with_pg_monitor_alone_there_is_no_number_and_with_the_function_all_of_them(place: Place) -> None:
    """A table of integers is known without statistics, but for its NULLs: hence with low confidence."""
    dsn = place.server.monitor_dsn(place.database)
    alone, helped = place.ask(dsn=dsn), place.ask("helper", dsn)
    assert (alone.values(RATIO, relname="deleted"), confidence(alone, "deleted")) == ([], ["none"])
    assert (alone.value(RATIO, relname="clean"), confidence(alone, "clean")) == (0.0, ["low"])
    assert helped == place.ask("helper")


@contextmanager
def locked(place: Place, *, waits: bool) -> Iterator[None]:
    """Hold ACCESS EXCLUSIVE on the table `deleted`, or wait for it behind a session that reads the table."""
    dsn = place.server.dsn(place.database)
    with psycopg.connect(dsn) as reader, psycopg.connect(dsn) as locker, ThreadPoolExecutor(1) as pool:
        if waits:
            reader.execute("SELECT FROM public.deleted LIMIT 1")
        lock = pool.submit(locker.execute, "LOCK TABLE public.deleted IN ACCESS EXCLUSIVE MODE")
        state = f"mode = 'AccessExclusiveLock' AND granted = {not waits}"
        held = f"SELECT count(*) = 1 FROM pg_locks WHERE relation = 'deleted'::regclass AND {state}"
        _until(place.server, place.database, held)
        yield
        reader.rollback()
        lock.result()


@pytest.mark.parametrize("waits", [False, True])
def test_a_locked_table_costs_its_own_current_size_and_nothing_else(place: Place, *, waits: bool) -> None:
    """Also when the lock is awaited only, behind a reader: who comes later would queue behind it."""
    before = place.ask("helper")
    with locked(place, waits=waits):
        during = place.ask("helper")  # fails where it waits: lock_timeout is 100 ms
    assert during.value(RATIO, relname="deleted") == before.value(RATIO, relname="deleted")
    assert (confidence(before, "deleted"), confidence(during, "deleted")) == (["high"], ["low"])
    for name in ("dead", "dropped", "toasted"):
        assert during.value(BYTES, relname=name) == before.value(BYTES, relname=name)
    assert confidence(during, "dead") == ["high"]


def test_after_a_reset_of_statistics_rows_are_not_taken_to_be_gone(place: Place) -> None:
    with fresh_database(place.server) as database:
        place.server.execute(
            "CREATE TABLE public.t (id int); INSERT INTO public.t SELECT generate_series(1, 20000)", database
        )
        place.server.execute("VACUUM ANALYZE public.t", database)
        place.server.execute("SELECT pg_stat_reset()", database)
        _until(
            place.server, database, "SELECT n_live_tup < 20000 FROM pg_stat_user_tables WHERE relname = 't'"
        )
        with connect(place.server.dsn(database)) as connection:
            answer = asked(connection)
    assert answer.value(RATIO, relname="t") == pytest.approx(0, abs=0.01)
    assert confidence(answer, "t") == ["low"]


def test_a_standby_counts_no_rows_and_goes_by_the_last_vacuum_of_its_primary(
    place: Place, standby: Server
) -> None:
    standby.catch_up()
    with connect(standby.dsn(place.database)) as connection:
        answer = asked(connection, "helper")
    for name in ("deleted", "dropped"):
        assert answer.value(RATIO, relname=name) == pytest.approx(place.truth[name][0], abs=0.02)
        assert confidence(answer, name) == ["low"]
