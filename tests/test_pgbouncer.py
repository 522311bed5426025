"""Rules for targets that are the admin console of a PgBouncer, with a real one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from commands import command, load
from daemon import Daemon
from exporter import doctor, grants
from exporter.derive.pgbouncer import (
    pgbouncer_config,
    pgbouncer_databases,
    pgbouncer_lists,
    pgbouncer_pools,
    pgbouncer_stats,
)
from exporter.engines import Engine
from exporter.errors import QueryError
from exporter.model import OutcomeKind, Rows, ServerInfo, Target
from exporter.pgbouncer_gateway import PgbouncerGateway
from pooler import pooled
from servers import Server


@pytest.fixture
def pool(a_server: Server) -> Iterator[str]:
    """The DSN of a database by way of a PgBouncer whose pools have one server connection each."""
    with pooled(a_server) as dsn:
        yield dsn


def console(pool: str) -> str:
    """Return the DSN of the console, in the form that names the kind by its scheme."""
    found = conninfo_to_dict(pool)
    return f"pgbouncer://{found['user']}:{found['password']}@{found['host']}:{found['port']}/"


def config(pool: str, **more: object) -> Mapping[str, object]:
    return {"targets": [{"name": "pool", "dsn": console(pool), **more}]}


@pytest.mark.slow
def test_its_pools_databases_and_totals_are_served_and_a_postgresql_beside_it(
    tmp_path: Path, pool: str, a_server: Server
) -> None:
    targets = [{"name": "main", "dsn": a_server.monitor_dsn()}, {"name": "pool", "dsn": console(pool)}]
    queries = {name: {"every": "1s", "timeout": "500ms"} for name in ("pgbouncer_pools", "pgbouncer_stats")}
    with psycopg.connect(pool, autocommit=True) as busy:
        busy.execute("BEGIN")
        with Daemon(tmp_path, {"targets": targets, "queries": queries}) as daemon:
            daemon.until_ready()
            assert daemon.samples("pg_up", target="pool") == [1]
            here = {"target": "pool", "database": "postgres"}
            assert daemon.samples("pgbouncer_pools_client_active_connections", **here) == [1]
            assert daemon.samples("pgbouncer_pools_server_active_connections", **here) == [1]
            assert daemon.samples("pgbouncer_pools_client_waiting_connections", **here) == [0]
            waiting = Thread(target=lambda: _select(pool))
            waiting.start()
            daemon.until(
                lambda: daemon.samples("pgbouncer_pools_client_waiting_connections", **here) == [1], "wait"
            )
            daemon.until(
                lambda: daemon.samples("pgbouncer_pools_client_maxwait_seconds", **here)[0] > 0, "wait longer"
            )
            busy.execute("COMMIT")
            waiting.join(20)
            daemon.until(
                lambda: daemon.samples("pgbouncer_stats_transactions_total", **here) >= [2.0], "be counted"
            )
            assert daemon.samples("pgbouncer_stats_client_wait_seconds_total", **here)[0] > 0
            assert daemon.samples("pgbouncer_databases_pool_size", target="pool", database="postgres") == [1]
            assert daemon.samples("pgbouncer_databases_paused", target="pool", database="postgres") == [0]
            assert daemon.samples("pgbouncer_clients_used", target="pool")[0] >= 2
            assert daemon.samples("pgbouncer_config_max_client_connections", target="pool") == [100]
            # Neither asks the other's questions, nor says that it does not.
            assert daemon.samples("pg_exporter_query_skipped", target="pool") == []
            assert daemon.samples("pgbouncer_pools", target="main") == []
            assert daemon.samples("pg_exporter_query_up", target="main", query="pgbouncer_pools") == []


def _select(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT 1")


def test_its_kind_can_be_given_apart_from_the_dsn(tmp_path: Path, pool: str) -> None:
    found = conninfo_to_dict(pool)
    dsn = f"host={found['host']} port={found['port']} user={found['user']} password={found['password']}"
    with Daemon(tmp_path, {"targets": [{"name": "pool", "dsn": dsn, "kind": "pgbouncer"}]}) as daemon:
        daemon.until_ready()
        assert daemon.samples("pgbouncer_pools", target="pool")


def test_it_tells_its_version(pool: str) -> None:
    info = _asked(console(pool))
    assert info.engine is Engine.PGBOUNCER
    assert re.fullmatch(r"1\.\d+\.\d+", info.version)
    assert info.databases == ("pgbouncer",)


def test_a_server_that_is_no_console_is_told_from_one(a_server: Server) -> None:
    with pytest.raises(QueryError) as caught:
        _asked(a_server.dsn().replace("/postgres", "/pgbouncer"))
    assert caught.value.kind is OutcomeKind.CONNECT  # no database of that name


def _asked(dsn: str) -> ServerInfo:
    async def ask() -> ServerInfo:
        target = Target("pool", dsn.replace("pgbouncer://", "postgresql://"), engine=Engine.PGBOUNCER)
        gateway = PgbouncerGateway(target)
        try:
            return await gateway.server_info()
        finally:
            await gateway.close()

    return asyncio.run(ask())


def test_what_a_version_lacks_is_absent_and_what_it_splits_is_summed_up() -> None:
    old = Rows(("database", "user", "cl_active", "maxwait", "maxwait_us"), [("d", "u", 1, 2, 500_000)])
    [row] = pgbouncer_pools(old).rows
    found = dict(zip(pgbouncer_pools(old).columns, row, strict=True))
    assert (found["cl_active"], found["maxwait"], found["cl_cancel"], found["sv_login"]) == (
        1,
        2.5,
        None,
        None,
    )
    new = Rows(("database", "cl_active_cancel_req", "cl_waiting_cancel_req"), [("d", 1, 2)])
    answer = pgbouncer_pools(new)
    assert dict(zip(answer.columns, answer.rows[0], strict=True))["cl_cancel"] == 3


def test_a_limit_of_zero_is_none() -> None:
    answer = pgbouncer_databases(Rows(("name", "max_connections", "reserve_pool_size"), [("d", 0, 0)]))
    found = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert (found["max_connections"], found["reserve_pool"]) == (None, 0)
    settings = pgbouncer_config(
        Rows(("key", "value"), [("max_client_conn", "100"), ("max_db_connections", "0")])
    )
    found = dict(zip(settings.columns, settings.rows[0], strict=True))
    assert (found["max_client_conn"], found["max_db_connections"]) == (100, None)


def test_times_are_seconds_and_counts_stay_whole() -> None:
    answer = pgbouncer_stats(Rows(("database", "total_xact_time", "total_xact_count"), [("d", 1_500_000, 7)]))
    found = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert (found["total_xact_time"], found["total_xact_count"], found["total_bind_count"]) == (1.5, 7, None)


def test_lists_become_one_row() -> None:
    answer = pgbouncer_lists(Rows(("list", "items"), [("pools", 3), ("peers", 9), ("dns_names", 0)]))
    found = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert (found["pools"], found["dns_names"], found["users"]) == (3, 0, None)


def test_doctor_finds_a_console_well_and_grants_has_nothing_for_it(pool: str) -> None:
    loaded = load(console(pool))
    code, text = command(doctor, loaded)
    assert code == 0
    assert "PgBouncer 1." in text
    assert "5 queries run" in text
    code, text = command(grants, loaded, "--role", "monitor")
    assert code == 0
    assert "stats_users" in text
