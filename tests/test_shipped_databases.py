"""What the shipped queries say about databases is what the server's own views and functions say."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest

from exporter.model import Number
from servers import Server
from shipped import QUERIES, ask, changed, fresh_database, fresh_role

# Columns that the server counts in milliseconds, or gives as a point in time.
_MILLISECONDS = {"blk_read_time", "blk_write_time", "session_time", "active_time", "idle_in_transaction_time"}
_TIMES = {"checksum_last_failure", "stats_reset"}


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        yield name


def _columns_of(server: Server, view: str) -> set[str]:
    rows = server.execute(
        f"SELECT attname FROM pg_attribute WHERE attrelid = '{view}'::regclass AND attnum > 0"
    )
    return {str(name) for (name,) in rows}


@pytest.mark.parametrize("view", ["pg_stat_database", "pg_stat_database_conflicts"])
def test_every_column_that_the_view_has_in_this_version_is_a_metric(server: Server, view: str) -> None:
    declared = {column.column for column in QUERIES[view.removeprefix("pg_")].columns}
    assert _columns_of(server, view) - {"datid", "datname"} <= declared


def test_what_was_done_in_a_database_is_counted(server: Server, database: str) -> None:
    """The work is done in one session; its numbers are there once it has ended."""
    with psycopg.connect(server.dsn(database), autocommit=True) as session:
        session.execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS a")
        session.execute("UPDATE t SET a = a + 1 WHERE a <= 100")
        session.execute("DELETE FROM t WHERE a <= 10")
        session.execute("SET work_mem = '64kB'")
        session.execute("SELECT count(*) FROM (SELECT a.a FROM t a, t b ORDER BY a.a, b.a LIMIT 500000) x")
        session.execute("BEGIN")
        session.execute("ROLLBACK")
    # The server counts a session's work after the session has told its client good-bye.
    for _ in range(2_000):
        answer = ask("stat_database", server)
        if answer.value("pg_stat_database_tup_deleted_total", datname=database):
            break
    # Autovacuum may have come by: it updates rows of the catalogues.
    assert 100 <= (answer.value("pg_stat_database_tup_updated_total", datname=database) or 0) < 1000
    assert (answer.value("pg_stat_database_xact_rollback_total", datname=database) or 0) >= 1
    assert (answer.value("pg_stat_database_temp_files_total", datname=database) or 0) >= 1
    assert (answer.value("pg_stat_database_temp_bytes_total", datname=database) or 0) > 100_000


def test_every_value_is_that_of_the_view_in_base_units(server: Server, database: str) -> None:
    """Read before and after by the superuser: what did not change in between must be the same."""
    names = sorted(_columns_of(server, "pg_stat_database") - {"datid", "datname"})
    listed = ", ".join(f"extract(epoch FROM {name})::float8" if name in _TIMES else name for name in names)
    view = f"SELECT {listed} FROM pg_stat_database WHERE datname = '{database}'"
    family = {column.column: column.family for column in QUERIES["stat_database"].columns}
    server.execute("SELECT pg_stat_reset()", database)
    [before] = server.execute(view)
    answer = ask("stat_database", server)
    [after] = server.execute(view)
    compared = 0
    for name, first, last in zip(names, before, after, strict=True):
        if first == last:
            expected = first / 1000 if name in _MILLISECONDS and isinstance(first, float) else first
            assert answer.value(family[name], datname=database) == expected
            compared += 1
    assert compared > len(names) // 2


def test_shared_catalogues_have_a_row_without_a_database(server: Server) -> None:
    """Before 15 a collector takes a moment to count what a new server does."""
    blocks: Number | None = 0
    for _ in range(100):
        blocks = ask("stat_database", server).value("pg_stat_database_blks_hit_total", datname="")
        if blocks != 0:
            break
        time.sleep(0.05)
    assert isinstance(blocks, int)
    assert blocks > 0


@pytest.mark.parametrize(("timing", "expected"), [("on", 0.0), ("off", None)])
def test_time_that_is_not_measured_is_absent_not_0(
    server: Server, database: str, timing: str, expected: float | None
) -> None:
    """No one connects to a database that is new: no block of it is read in measured time, whatever is set."""
    with fresh_role(server) as (name, password):
        server.execute(f"ALTER ROLE {name} SET track_io_timing = {timing}")
        answer = ask("stat_database", server, dsn=server.dsn(user=name, password=password))
    assert answer.value("pg_stat_database_blk_write_time_seconds_total", datname=database) == expected


def test_the_size_of_a_database_is_what_the_server_measures(server: Server) -> None:
    [(size,)] = server.execute("SELECT pg_database_size('template0')")
    assert ask("database_size", server).value("pg_database_size_bytes", datname="template0") == size


def test_a_database_we_may_not_measure_does_not_cost_the_others(server: Server, database: str) -> None:
    """Without pg_monitor a role measures the databases that it may connect to."""
    server.execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
    with fresh_role(server) as (name, password):
        answer = ask("database_size", server, dsn=server.dsn(user=name, password=password))
    assert answer.value("pg_database_size_bytes", datname=database) is None
    assert answer.value("pg_database_size_bytes", datname="postgres") is not None


def test_pg_monitor_measures_a_database_that_it_may_not_connect_to(server: Server, database: str) -> None:
    server.execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
    assert ask("database_size", server).value("pg_database_size_bytes", datname=database) is not None


@pytest.mark.parametrize(
    ("family", "function"),
    [("pg_database_xid_age", "age(datfrozenxid)"), ("pg_database_mxid_age", "mxid_age(datminmxid)")],
)
def test_the_age_of_every_database_counts_also_that_of_template0(
    server: Server, family: str, function: str
) -> None:
    truth = f"SELECT {function} FROM pg_database WHERE datname = 'template0'"
    [(before,)] = server.execute(truth)
    age = ask("database_age", server).value(family, datname="template0")
    [(after,)] = server.execute(truth)
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert before <= (-1 if age is None else age) <= after


def test_a_database_that_a_drop_left_behind_is_passed_over(server: Server, database: str) -> None:
    server.execute(f"UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{database}'")
    try:
        assert ask("database_age", server).values("pg_database_xid_age", datname=database) == []
        assert ask("database_size", server).values("pg_database_size_bytes", datname=database) == []
        answer = ask("database_connections", server)
        assert answer.values("pg_database_connection_limit", datname=database) == []
    finally:
        server.execute(f"UPDATE pg_database SET datconnlimit = -1 WHERE datname = '{database}'")


def test_a_query_cancelled_on_a_standby_is_counted_by_its_cause(server: Server, standby: Server) -> None:
    """A session there holds a table that the primary drops; replay does not wait for it."""
    with changed(standby, "max_standby_streaming_delay", "0"), fresh_database(server) as name:
        server.execute("CREATE TABLE busy AS SELECT 1 AS a", name)
        standby.catch_up()
        with psycopg.connect(standby.dsn(name)) as reader:
            reader.execute("SELECT a FROM busy")
            server.execute("DROP TABLE busy", name)
            standby.catch_up()
            with pytest.raises(psycopg.Error, match="conflict with recovery"):
                reader.execute("SELECT 1")
        for _ in range(2_000):
            answer = ask("stat_database_conflicts", standby)
            if answer.value("pg_stat_database_conflicts_confl_lock_total", datname=name):
                break
        assert answer.value("pg_stat_database_conflicts_confl_lock_total", datname=name) == 1
        assert answer.value("pg_stat_database_conflicts_confl_snapshot_total", datname=name) == 0
        slots = answer.value("pg_stat_database_conflicts_confl_active_logicalslot_total", datname=name)
        assert slots == (0 if standby.major >= 16 else None)
        assert ask("stat_database", standby).value("pg_stat_database_conflicts_total", datname=name) == 1


def test_ages_are_also_shares_of_the_limits(server: Server) -> None:
    found = ask("database_age", server)
    for kind, setting in (
        ("xid", "autovacuum_freeze_max_age"),
        ("mxid", "autovacuum_multixact_freeze_max_age"),
    ):
        [(limit,)] = server.execute(f"SHOW {setting}")
        age = found.value(f"pg_database_{kind}_age", datname="template0")
        assert age is not None
        freeze = found.value(f"pg_database_{kind}_freeze_ratio", datname="template0")
        assert freeze == pytest.approx(age / int(str(limit)))
        stop = found.value(f"pg_database_{kind}_stop_ratio", datname="template0")
        assert stop == pytest.approx(age / (2**31 - 1 - 3_000_000))


@pytest.mark.parametrize("template", ["template0", "template1"])
def test_a_template_has_an_age_and_a_size_and_no_activity(server: Server, template: str) -> None:
    activity = ask("stat_database", server)
    assert activity.values("pg_stat_database_xact_commit_total", datname=template) == []
    assert activity.values("pg_stat_database_xact_commit_total", datname="postgres")
    assert ask("database_age", server).values("pg_database_xid_age", datname=template)
    assert ask("database_size", server).values("pg_database_size_bytes", datname=template)


def test_a_collation_that_changed_under_a_database_is_shown(server: Server, database: str) -> None:
    if server.major < 15:
        pytest.skip("databases have had versions of their collation since 15")
    actual = f"SELECT pg_database_collation_actual_version(oid) FROM pg_database WHERE datname = '{database}'"
    [(version,)] = server.execute(actual)
    for recorded, expected in ((version, 0), ("0", 1)):
        if recorded is None:
            continue
        server.execute(f"UPDATE pg_database SET datcollversion = '{recorded}' WHERE datname = '{database}'")
        found = ask("database_collation", server).value("pg_database_collation_changed", datname=database)
        assert found == (None if version is None else expected)
