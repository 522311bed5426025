"""Rules for the set compat: what postgres_exporter shows by default is there under the names it has there.

tests/postgres_exporter.csv lists what version 0.20 shows by default with its types and labels, but `server`,
which is `target` here, and what is of versions before 10 only; and the settings of a PostgreSQL 15.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from daemon import Daemon
from exporter.model import Number, Scope
from pairs import wait
from prometheus import ask as ask_prometheus
from prometheus import prometheus
from servers import Server
from shipped import QUERIES, Answer, ask, fresh_database

_LINES = (Path(__file__).parent / "postgres_exporter.csv").read_text().splitlines()
THEIRS = {row["metric"]: row for row in csv.DictReader(_LINES)}
OURS = {column.family: (query, column) for query in QUERIES.values() for column in query.columns}
COMPAT = [query for query in QUERIES.values() if query.set == "compat"]

# What we do not show, and why.
LEFT_OUT = {
    "pg_up": "ours, beside the queries",
    "pg_exporter_last_scrape_duration_seconds": "a scrape asks no database here",
    "pg_exporter_last_scrape_error": "pg_exporter_query_up says it for each query",
    "pg_exporter_scrapes_total": "a scrape asks no database here",
    "pg_exporter_user_queries_load_error": "a file that is bad is refused at start and at a reload",
    "pg_scrape_collector_duration_seconds": "pg_exporter_query_seconds says it for each query",
    "pg_scrape_collector_success": "pg_exporter_query_up says it for each query",
    "postgres_exporter_config_last_reload_successful": "pg_exporter_config_last_reload_successful",
    "postgres_exporter_config_last_reload_success_timestamp_seconds": "ours has our prefix",
    "postgres_exporter_build_info": "pg_exporter_build_info",
    # On this server, not PostgreSQL's.
    "pg_settings_pg_stat_statements_max": "a setting of an extension",
    "pg_settings_pg_stat_statements_save": "a setting of an extension",
    "pg_settings_pg_stat_statements_track_planning": "a setting of an extension",
    "pg_settings_pg_stat_statements_track_utility": "a setting of an extension",
}


# What the session that asks has otherwise than the one that compares.
_OF_A_SESSION = ("default_transaction_read_only", "transaction_read_only", "is_superuser", "seed")


@pytest.mark.parametrize("name", sorted(THEIRS.keys() - LEFT_OUT.keys()))
def test_every_metric_that_it_shows_by_default_is_there_with_its_type_and_labels(name: str) -> None:
    """A label that ours has besides is one that its other series were told apart by."""
    assert name in OURS, f"{name} is missing"
    query, column = OURS[name]
    kind = {"untyped": "gauge"}.get(THEIRS[name]["type"], THEIRS[name]["type"])
    assert column.type == kind
    own = {*query.labels, *(["datname"] if query.scope is Scope.DATABASE else [])}
    # One database has one oid: where ours has the name alone, no series is lost.
    assert set(filter(None, THEIRS[name]["labels"].split(";"))) - own <= {"datid"}


def test_nothing_is_left_out_that_is_there_or_is_not_theirs() -> None:
    assert LEFT_OUT.keys() <= THEIRS.keys()
    assert not LEFT_OUT.keys() & OURS.keys()


def test_the_set_has_nothing_but_what_is_theirs() -> None:
    settings = {family for family in OURS if family.startswith("pg_settings_")}
    families = {column.family for query in COMPAT for column in query.columns}
    assert families - settings <= THEIRS.keys()


def test_every_numeric_setting_of_the_server_is_there_with_its_value_in_base_units(server: Server) -> None:
    shown = {family.name: family for family in ask("compat_settings", server).families}
    times = {"ms": 0.001, "s": 1.0, "min": 60.0, "B": 1, "kB": 1024, "8kB": 8192, "MB": 1048576}
    rows = server.execute(
        "SELECT name, unit, setting, source FROM pg_settings"
        " WHERE vartype IN ('bool', 'integer', 'real') AND name NOT LIKE '%.%'"
    )
    for name, unit, setting, source in rows:
        suffix = "" if unit is None else "_seconds" if unit in ("ms", "s", "min") else "_bytes"
        [sample] = shown[f"pg_settings_{name}{suffix}"].samples
        if source == "session" or name in _OF_A_SESSION:
            continue
        plain = {"on": 1.0, "off": 0.0}.get(str(setting))
        value = float(str(setting)) if plain is None else plain
        expected = value if value == -1 else value * times.get(str(unit), 1)
        assert sample.value == pytest.approx(expected), name


def test_sessions_and_locks_are_counted_as_the_views_have_them(a_server: Server, database: str) -> None:
    with psycopg.connect(a_server.dsn(database), application_name="a job") as connection:
        connection.execute("CREATE TABLE public.t ()")
        connection.execute("LOCK TABLE public.t IN SHARE MODE")
        sessions = ask("compat_stat_activity", a_server)
        locks = ask("compat_locks", a_server)
        about = {"datname": database, "application_name": "a job"}
        held = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()
    assert sessions.value("pg_stat_activity_count", state="idle in transaction", **about) == 1
    longest = sessions.value("pg_stat_activity_max_tx_duration", state="idle in transaction", **about)
    assert longest is not None
    assert 0 < longest < 60
    assert sessions.values("pg_stat_activity_count", state="disabled", datname=database) == [0]
    assert locks.value("pg_locks_count", datname=database, mode="sharelock") == held[0][0]
    assert locks.value("pg_locks_count", datname=database, mode="sireadlock") == 0


def test_tables_and_databases_have_the_counts_of_the_views(server: Server) -> None:
    with fresh_database(server) as name:
        server.execute(
            "CREATE TABLE public.t AS SELECT generate_series(1, 1000) AS n; ANALYZE public.t", name
        )
        wait(server, "EXISTS (SELECT FROM pg_stat_user_tables WHERE last_analyze IS NOT NULL)", name)
        tables = _numbers(ask("compat_stat_user_tables", server, name))
        assert tables["pg_stat_user_tables_last_analyze"] > 1_700_000_000
        assert "pg_stat_user_tables_last_vacuum" not in tables
        [(size,)] = server.execute("SELECT pg_table_size('public.t')", name)
        assert isinstance(size, int)
        assert 0 < tables["pg_stat_user_tables_table_size_bytes"] <= size
        assert tables["pg_stat_user_tables_index_size_bytes"] == 0
        assert tables["pg_stat_user_tables_seq_scan"] >= 0
        database = ask("compat_stat_database", server)
        committed = database.value("pg_stat_database_xact_commit", datname=name)
        assert committed is not None
        assert committed >= 0


def _numbers(answer: Answer) -> Mapping[str, Number]:
    return {
        family.name: value for family in answer.families for value in answer.values(family.name, relname="t")
    }


def test_what_a_slot_keeps_and_how_it_stands_is_shown(a_server: Server) -> None:
    a_server.execute("SELECT pg_create_physical_replication_slot('compat', true)")
    try:
        kept = ask("compat_replication_slots_wal", a_server)
        state = ask("compat_replication_slots", a_server)
        status = ask("compat_replication_slots_status", a_server)
    finally:
        a_server.execute("SELECT pg_drop_replication_slot('compat')")
    behind = kept.value("pg_replication_slots_pg_wal_lsn_diff", slot_name="compat", database="")
    assert behind is not None
    assert behind >= 0
    assert state.value("pg_replication_slots_slot_is_active", slot_name="compat") == 0
    assert state.value("pg_replication_slots_slot_confirmed_flush_lsn", slot_name="compat") is None
    assert status.value("pg_replication_slots_wal_status", slot_name="compat", wal_status="reserved") == 1


def test_a_standby_is_seen_from_both_sides(server: Server, standby: Server) -> None:
    wait(server, "EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')")
    primary = ask("compat_stat_replication", server)
    [behind] = primary.values("pg_stat_replication_pg_wal_lsn_diff", state="streaming")
    assert behind >= 0
    assert ask("compat_replication", standby).value("pg_replication_is_replica") == 1
    assert ask("compat_replication", server).value("pg_replication_is_replica") == 0


@pytest.mark.slow
def test_a_real_prometheus_takes_both_names_from_one_page(tmp_path: Path, a_server: Server) -> None:
    """It asks for OpenMetrics, where a counter of theirs has the name of the family of ours."""
    config = {"targets": [{"name": "main", "dsn": a_server.monitor_dsn()}], "sets": ["+compat"]}
    with Daemon(tmp_path, config) as daemon:
        daemon.until_ready()
        with prometheus(tmp_path, f"127.0.0.1:{daemon.port}") as url:
            daemon.until(lambda: ask_prometheus(url, 'up{job="exporter"}') == [1.0], "be scraped", 30)
            assert ask_prometheus(url, 'pg_stat_database_xact_commit{datname="postgres"}')
            assert ask_prometheus(url, 'pg_stat_database_xact_commit_total{datname="postgres"}')
            assert ask_prometheus(url, "pg_settings_max_connections") == [50.0]
