"""Rules of what is said about vacuum: on tables whose rows, options and ages are made on purpose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from servers import Server
from shipped import Answer, ask, changed, connect, fresh_database, fresh_role, until

_SETUP = """
CREATE TABLE plain (a int);
CREATE TABLE at_trigger (a int) WITH (autovacuum_vacuum_threshold=10, autovacuum_vacuum_scale_factor=0.1);
CREATE TABLE above (a int) WITH (autovacuum_vacuum_threshold=10, autovacuum_vacuum_scale_factor=0.1);
CREATE TABLE switched_off (a int)
    WITH (autovacuum_enabled=no, autovacuum_vacuum_threshold=10, autovacuum_vacuum_scale_factor=0);
CREATE TABLE inserts (a int)
    WITH (autovacuum_vacuum_insert_threshold=100, autovacuum_vacuum_insert_scale_factor=0);
CREATE TABLE no_inserts (a int) WITH (autovacuum_vacuum_insert_threshold=-1);
CREATE TABLE frozen (a int);
CREATE TABLE analyzes (a int) WITH (autovacuum_analyze_threshold=50, autovacuum_analyze_scale_factor=0);
CREATE TABLE large_values (a text) WITH (toast.autovacuum_vacuum_threshold=1,
    toast.autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000000);
ALTER TABLE large_values ALTER a SET STORAGE external;
CREATE TABLE empty (a int);
CREATE TEMPORARY TABLE passing (a int);
"""
_FILLED = ("plain", "at_trigger", "above", "switched_off", "frozen")
_ALL = (*_FILLED, "inserts", "no_inserts", "analyzes", "large_values", "empty")


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[str]:
    """A database whose tables are in the states that their names say; a lock keeps autovacuum off them."""
    with fresh_database(server) as name, psycopg.connect(server.dsn(name)) as keeper:
        server.execute(_SETUP, name)
        keeper.execute(f"LOCK TABLE {', '.join(_ALL)} IN SHARE UPDATE EXCLUSIVE MODE")
        for table in _FILLED:
            server.execute(f"INSERT INTO {table} SELECT generate_series(1, 1000)", name)
        until(server, "sum(n_live_tup) = 5000 FROM pg_stat_user_tables", name)
        keeper.commit()
        server.execute(f"VACUUM (FREEZE, ANALYZE) {', '.join(_FILLED)}", name)
        keeper.execute(f"LOCK TABLE {', '.join(_ALL)} IN SHARE UPDATE EXCLUSIVE MODE")
        server.execute(
            """
            DELETE FROM plain WHERE a <= 125;
            DELETE FROM at_trigger WHERE a <= 110;
            DELETE FROM above WHERE a <= 111;
            DELETE FROM switched_off WHERE a <= 20;
            INSERT INTO frozen SELECT generate_series(1, 120);
            INSERT INTO inserts SELECT generate_series(1, 101);
            INSERT INTO no_inserts SELECT generate_series(1, 2000);
            INSERT INTO analyzes SELECT generate_series(1, 51);
            INSERT INTO large_values SELECT repeat('x', 3000);
            UPDATE large_values SET a = repeat('y', 3000);
            """,
            name,
        )
        until(server, "n_mod_since_analyze = 2 FROM pg_stat_user_tables WHERE relname = 'large_values'", name)
        yield name


@pytest.fixture(scope="module")
def due(server: Server, database: str) -> Answer:
    """What is said of the tables of `database`, with places for all of them."""
    return ask("vacuum_due", server, database, limit=10_000)


def test_dead_rows_count_against_the_tables_own_trigger(due: Answer) -> None:
    assert due.value("pg_table_vacuum_due_ratio", relname="plain") == 125 / 250
    assert due.value("pg_table_vacuum_due_ratio", relname="above") == 111 / 110
    assert due.value("pg_table_vacuum_due_ratio", relname="empty") == 0


def test_a_table_waits_for_vacuum_when_it_is_above_its_trigger_and_not_at_it(due: Answer) -> None:
    assert due.value("pg_table_vacuum_due_ratio", relname="at_trigger") == 1
    assert due.value("pg_table_vacuum_waiting", relname="at_trigger") is None
    assert due.value("pg_table_vacuum_waiting", relname="above") == 1


def test_a_table_that_autovacuum_is_switched_off_for_does_not_wait(due: Answer) -> None:
    assert due.value("pg_table_vacuum_due_ratio", relname="switched_off") == 2
    assert due.value("pg_table_vacuum_waiting", relname="switched_off") is None
    assert due.value("pg_table_autovacuum_disabled", relname="switched_off") == 1
    assert due.values("pg_table_autovacuum_disabled", schemaname="public") == [1]


def test_dead_rows_of_a_toast_table_are_its_tables(due: Answer) -> None:
    """An updated value of 3000 bytes leaves two dead chunks, twice the threshold for TOAST."""
    assert due.value("pg_table_vacuum_due_ratio", relname="large_values") == 2
    assert due.value("pg_table_vacuum_waiting", relname="large_values") == 1
    assert due.values("pg_table_vacuum_due_ratio", schemaname="pg_toast") == []


def test_rows_inserted_count_against_the_trigger_for_inserts(due: Answer) -> None:
    assert due.value("pg_table_insert_vacuum_due_ratio", relname="inserts") == pytest.approx(1.01)
    assert due.value("pg_table_vacuum_waiting", relname="inserts") == 1
    assert due.value("pg_table_vacuum_due_ratio", relname="inserts") == 0


def test_a_table_that_inserts_never_vacuum_has_no_share_of_them(due: Answer) -> None:
    assert due.value("pg_table_insert_vacuum_due_ratio", relname="no_inserts") is None
    assert due.value("pg_table_vacuum_waiting", relname="no_inserts") is None


def test_pages_that_are_all_frozen_lower_the_trigger_for_inserts_since_18(
    server: Server, due: Answer
) -> None:
    trigger = 1000 if server.major >= 18 else 1000 + 0.2 * 1000
    found = due.value("pg_table_insert_vacuum_due_ratio", relname="frozen")
    assert found == pytest.approx(120 / trigger)


def test_changed_rows_count_against_the_trigger_for_analyze(due: Answer) -> None:
    assert due.value("pg_table_analyze_due_ratio", relname="analyzes") == pytest.approx(1.02)
    assert due.value("pg_table_analyze_waiting", relname="analyzes") == 1
    assert due.value("pg_table_analyze_due_ratio", relname="plain") == pytest.approx(125 / 150)
    assert due.value("pg_table_analyze_waiting", relname="plain") is None


def test_tables_without_a_place_are_counted_in_the_sum(server: Server, database: str) -> None:
    """The sum over all series is that of all tables, whatever the limit; where nothing waits it is 0."""
    due = ask("vacuum_due", server, database, limit=10_000)  # now: catalogues come to wait, too
    few = ask("vacuum_due", server, database, limit=12)  # a place for one
    for family in ("pg_table_vacuum_waiting", "pg_table_analyze_waiting", "pg_table_autovacuum_disabled"):
        assert sum(few.values(family)) == sum(due.values(family))
        assert due.value(family, relname="_other") == 0
    assert due.values("pg_table_vacuum_due_ratio", relname="_other") == []
    assert due.values("pg_table_vacuum_due_ratio", relname="passing") == []


def test_system_tables_are_part_of_autovacuums_work(due: Answer) -> None:
    assert due.value("pg_table_vacuum_due_ratio", schemaname="pg_catalog", relname="pg_class") is not None


def test_the_trigger_has_an_upper_bound_since_18(server: Server) -> None:
    if server.major < 18:
        pytest.skip("there is no such setting before 18")
    with fresh_database(server) as name:
        server.execute("CREATE TABLE t (a int) WITH (autovacuum_vacuum_max_threshold=20)", name)
        server.execute("CREATE TABLE u (a int) WITH (autovacuum_vacuum_max_threshold=-1)", name)
        for table in "tu":
            server.execute(
                f"INSERT INTO {table} SELECT generate_series(1, 1000); DELETE FROM {table} WHERE a <= 10",
                name,
            )
        until(server, "sum(n_dead_tup) = 20 FROM pg_stat_user_tables", name)
        server.execute("UPDATE pg_class SET reltuples = 1000 WHERE relname IN ('t', 'u')", name)
        answer = ask("vacuum_due", server, name)
        assert answer.value("pg_table_vacuum_due_ratio", schemaname="public", relname="t") == 10 / 20
        assert answer.value("pg_table_vacuum_due_ratio", schemaname="public", relname="u") == 10 / 250


_BURN = "DO $$ BEGIN FOR i IN 1..2000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$"


def test_a_tables_age_counts_against_its_own_freeze_age_and_the_end(server: Server) -> None:
    with fresh_database(server) as name:
        server.execute("CREATE TABLE t (a text) WITH (autovacuum_freeze_max_age=100000)", name)
        server.execute("CREATE TABLE higher (a int) WITH (autovacuum_freeze_max_age=2000000000)", name)
        server.execute("CREATE VIEW v AS SELECT * FROM t; CREATE INDEX i ON t (a)", name)
        server.execute(_BURN, name)
        answer = ask("table_freeze", server, name, limit=10_000)
        [(age, most)] = server.execute(
            "SELECT age(relfrozenxid), current_setting('autovacuum_freeze_max_age')::int"
            " FROM pg_class WHERE relname = 't'",
            name,
        )
        assert isinstance(age, int)
        assert isinstance(most, int)
        assert age >= 2000
        label = {"schemaname": "public", "relname": "t"}
        assert answer.value("pg_table_xid_freeze_ratio", **label) == pytest.approx(age / 100_000, rel=0.01)
        assert answer.value("pg_table_xid_stop_ratio", **label) == pytest.approx(
            age / (2**31 - 1 - 3_000_000), rel=0.01
        )
        found = answer.value("pg_table_xid_freeze_ratio", relname="higher")
        assert found == pytest.approx(age / most, rel=0.01), "an option cannot raise the age"
        assert answer.values("pg_table_xid_freeze_ratio", relname="v") == []
        assert answer.values("pg_table_xid_freeze_ratio", relname="i") == []
        assert answer.values("pg_table_xid_freeze_ratio", relname="_other") == []


def test_a_toast_tables_age_is_its_tables(server: Server) -> None:
    with fresh_database(server) as name:
        server.execute("CREATE TABLE t (a text) WITH (autovacuum_freeze_max_age=100000)", name)
        server.execute(_BURN, name)
        [(toast,)] = server.execute(
            "SELECT reltoastrelid::regclass::text FROM pg_class WHERE relname = 't'", name
        )
        before = ask("table_freeze", server, name).value("pg_table_xid_freeze_ratio", relname="t")
        if server.major >= 14:
            server.execute("VACUUM (FREEZE, PROCESS_TOAST false) t", name)
        else:
            server.execute(f"VACUUM FREEZE {toast}", name)
        after = ask("table_freeze", server, name).value("pg_table_xid_freeze_ratio", relname="t")
        assert before is not None
        assert after is not None
        assert after >= before >= 0.02
        server.execute("VACUUM FREEZE t", name)
        assert (ask("table_freeze", server, name).value("pg_table_xid_freeze_ratio", relname="t") or 0) < 0.02


def test_multixacts_that_a_table_may_hold_have_an_age_too(server: Server) -> None:
    with fresh_database(server) as name:
        server.execute(
            "CREATE TABLE t (a int) WITH (autovacuum_multixact_freeze_max_age=10000);"
            " INSERT INTO t VALUES (1)",
            name,
        )
        with psycopg.connect(server.dsn(name)) as one, psycopg.connect(server.dsn(name)) as other:
            for _ in range(5):
                for session in (one, other):
                    session.execute("SELECT * FROM t FOR SHARE")
                one.commit()
                other.commit()
        answer = ask("table_freeze", server, name, limit=10_000)
        [(age,)] = server.execute("SELECT mxid_age(relminmxid) FROM pg_class WHERE relname = 't'", name)
        assert isinstance(age, int)
        assert age >= 5
        assert answer.value("pg_table_mxid_freeze_ratio", relname="t") == age / 10_000
        assert answer.value("pg_table_mxid_stop_ratio", relname="t") == age / 2_144_483_647


@contextmanager
def _slow_vacuum(server: Server, database: str) -> Iterator[None]:
    """Let a vacuum run that takes far longer than any test."""
    server.execute(
        "CREATE TABLE slow (a text); INSERT INTO slow SELECT repeat('x', 1000) FROM generate_series(1, 3000)",
        database,
    )
    with psycopg.connect(server.dsn(database), autocommit=True) as session:
        session.execute("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")

        def vacuum() -> None:
            with pytest.raises(psycopg.errors.QueryCanceled):
                session.execute("VACUUM slow")

        thread = threading.Thread(target=vacuum)
        thread.start()
        try:
            until(
                server,
                "count(*) = 1 FROM pg_stat_progress_vacuum WHERE datname = current_database()",
                database,
            )
            yield
        finally:
            session.cancel_safe()
            thread.join()


def test_a_vacuum_that_runs_is_counted_with_its_age(server: Server) -> None:
    before = ask("autovacuum_workers", server).value("pg_vacuum_running")
    with fresh_database(server) as name, _slow_vacuum(server, name):
        answer = ask("autovacuum_workers", server)
        assert before is not None
        assert (answer.value("pg_vacuum_running") or 0) >= 1
        assert 0 < (answer.value("pg_vacuum_oldest_age_seconds") or 0) < 30
        assert answer.value("pg_autovacuum_workers_max") == 3


def test_an_autovacuum_worker_at_work_is_counted(a_server: Server) -> None:
    """A worker slowed down on a table of its own, looked for until it has come."""
    with (
        fresh_database(a_server) as name,
        changed(a_server, "autovacuum_naptime", "1"),
    ):
        a_server.execute(
            "CREATE TABLE t (a text) WITH (autovacuum_vacuum_threshold=0, autovacuum_vacuum_scale_factor=0,"
            " autovacuum_vacuum_cost_delay=100, autovacuum_vacuum_cost_limit=1);"
            " INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 3000); DELETE FROM t",
            name,
        )
        until(
            a_server,
            "count(*) > 0 FROM pg_stat_activity"
            " WHERE backend_type = 'autovacuum worker' AND datname = current_database()"
            " AND query LIKE '%public.t'",
            name,
        )
        answer = ask("autovacuum_workers", a_server)
        assert (answer.value("pg_autovacuum_workers") or 0) >= 1
        assert answer.value("pg_autovacuum_wraparound_workers") == 0


def test_workers_are_absent_for_a_role_that_cannot_see_them(a_server: Server) -> None:
    with fresh_role(a_server) as (role, password), connect(a_server.dsn(user=role, password=password)):
        answer = ask("autovacuum_workers", a_server, dsn=a_server.dsn(user=role, password=password))
        assert answer.families == ()
