"""Rules for a role without pg_monitor: what is hidden from it is absent or said to be denied, never 0."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
import pytest

from exporter.configuration import load
from exporter.derive import DERIVATIONS
from exporter.errors import QueryError
from exporter.gateways import gateway_to
from exporter.model import Histogram, JobKey, Number, OutcomeKind, Query, Rows
from exporter.rest import summed_up
from exporter.runner import FAST_LANE_SECONDS
from exporter.samples import families
from exporter.scout import Gateway
from exporter.survey import survey
from servers import Server
from shipped import fresh_database, fresh_role

# What a run may end with besides an answer: the server says no, and says it is no.
_FAIR = {OutcomeKind.DENIED, OutcomeKind.UNSUPPORTED}
Series = tuple[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def busy(server: Server) -> Iterator[str]:
    """A database in which somebody holds a lock in an open transaction, and somebody else waits for it."""
    with fresh_database(server) as name:
        server.execute(
            "CREATE TABLE public.t AS SELECT generate_series(1, 5000) AS n; ANALYZE public.t", name
        )
        with _lock_queue(server, name):
            yield name


@contextmanager
def _lock_queue(server: Server, database: str) -> Iterator[None]:
    with psycopg.connect(server.dsn(database), application_name="holder") as holder:
        holder.execute("LOCK TABLE public.t IN SHARE MODE")
        waiter = psycopg.connect(server.dsn(database), autocommit=True, application_name="waiter")
        thread = threading.Thread(target=lambda: waiter.execute("DELETE FROM public.t WHERE false"))
        thread.start()
        waiting = (
            f"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{database}'"
        )
        deadline = time.monotonic() + 20
        while server.execute(waiting) != [(1,)]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield
    thread.join(20)
    waiter.close()


async def _page(dsn: str) -> tuple[Mapping[Series, Number], Mapping[str, OutcomeKind]]:
    """Return the series that a role is shown on its first run of everything, and the queries that failed."""
    configuration = load(None, {"sets": "+compat,+columns,+statements_detail"}, {"DATA_SOURCE_NAME": dsn})
    (target,) = configuration.targets
    gateway = gateway_to(target)
    series: dict[Series, Number] = {}
    failed: dict[str, OutcomeKind] = {}
    try:
        found = await survey(gateway, target, configuration.queries, configuration.stores[target.name])
        for key, query in found.plan.active.items():
            if key.database in {None, found.server.database}:
                try:
                    rows = await _rows(gateway, query, key, found.server.major)
                    series.update(_series(query, rows, key))
                except QueryError as error:
                    failed[key.query] = error.kind
    finally:
        await gateway.close()
    return series, failed


async def _rows(gateway: Gateway, query: Query, key: JobKey, major: int) -> Rows:
    sql, heavy = query.sql_for(major) or "", query.timeout > FAST_LANE_SECONDS
    rows = await gateway.fetch(sql, timeout=query.timeout, database=key.database, heavy=heavy)
    if query.derive is not None:
        rows, _ = DERIVATIONS[query.derive](rows, None, time.time())
    return summed_up(query, rows, None)[0] if query.rest else rows


def _series(query: Query, rows: Rows, key: JobKey) -> Iterator[tuple[Series, Number]]:
    for family in families(query, rows, key.target, key.database).families:
        for sample in family.samples:
            if not isinstance(sample.value, Histogram):
                yield (family.name, sample.labels), sample.value


def test_what_is_hidden_is_absent_or_denied_but_never_0(server: Server, busy: str) -> None:
    before, _ = asyncio.run(_page(server.monitor_dsn(busy)))
    with fresh_role(server) as (name, password):
        plain, failed = asyncio.run(_page(server.dsn(busy, name, password)))
    assert {query: kind for query, kind in failed.items() if kind not in _FAIR} == {}
    after, _ = asyncio.run(_page(server.monitor_dsn(busy)))
    # Seen before and after: a number may have become 0 meanwhile, as when autovacuum was there.
    seen = {key for key, value in before.items() if value and after.get(key)}
    lies = {key: before[key] for key, value in plain.items() if value == 0 and key in seen}
    assert lies == {}
    # There is something to hide, and something to show.
    assert before["pg_blocked_sessions", ("main", "")] == 1
    assert ("pg_blocked_sessions", ("main", "")) not in plain
    assert plain["pg_connections_max", ("main",)] == 50


# What managed services take from everybody but themselves, and the queries that then miss their turn.
_FORBIDDEN = {
    "pg_ls_waldir()": "wal_directory",
    "pg_ls_archive_statusdir()": "archive_backlog",
    "pg_ls_tmpdir(oid)": "temporary_files",
    "pg_control_checkpoint()": "control_checkpoint",
}


def test_what_a_service_forbids_costs_the_queries_that_need_it_and_no_other(server: Server) -> None:
    with fresh_database(server) as name:
        dsn = server.monitor_dsn(name)
        _, failed = asyncio.run(_page(dsn))
        assert failed == {}
        for function in _FORBIDDEN:
            server.execute(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC, pg_monitor", name)
        _, failed = asyncio.run(_page(dsn))
    assert failed == dict.fromkeys(_FORBIDDEN.values(), OutcomeKind.DENIED)
