"""Rules about what `doctor` finds in how we reach the server and as whom."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from exporter.findings import Facts, Level
from exporter.model import Scope
from health import SERVER, TOKENS_QUERY, WELL, found, with_role, with_session

DAY = 86400.0


def test_a_superuser_has_more_rights_than_needed() -> None:
    [finding] = found(with_role(superuser=True), "superuser")
    assert finding.level is Level.WARN
    assert "grants --role" in finding.remedy


def test_a_role_without_statistics_keeps_metrics_away() -> None:
    [finding] = found(with_role(reads_stats=False, reads_settings=False), "statistics")
    assert (finding.level, finding.remedy) == (Level.FAIL, "GRANT pg_monitor TO monitor;")
    assert finding.summary == "monitor lacks pg_read_all_stats and pg_read_all_settings"


def test_a_remedy_quotes_a_name_that_needs_it() -> None:
    facts = replace(with_role(reads_stats=False), server=replace(SERVER, role="Mon itor"))
    assert found(facts, "statistics")[0].remedy == 'GRANT pg_monitor TO "Mon itor";'


@pytest.mark.parametrize(("reserved", "count"), [(None, 0), (True, 0), (False, 1)])
def test_reserved_slots_matter_only_where_the_version_has_them(reserved: bool | None, count: int) -> None:
    assert len(found(with_role(reserved=reserved), "reserved slots")) == count


@pytest.mark.parametrize(("limit", "count"), [(-1, 0), (3, 0), (2, 1), (0, 1)])
def test_a_connection_limit_below_what_the_target_uses_keeps_metrics_away(limit: int, count: int) -> None:
    findings = found(with_role(connection_limit=limit), "connection limit")
    assert [one.level for one in findings] == [Level.FAIL] * count


def test_a_superuser_is_not_held_to_its_connection_limit() -> None:
    assert found(with_role(connection_limit=1, superuser=True), "connection limit") == []


@pytest.mark.parametrize(("until", "count"), [(None, 0), (math.inf, 0), (14.1, 0), (13.9, 1), (-1.0, 1)])
def test_a_password_that_expires_within_two_weeks_is_told(until: float | None, count: int) -> None:
    valid_until = None if until is None else WELL.now + until * DAY
    assert len(found(with_role(valid_until=valid_until), "password expiry")) == count


@pytest.mark.parametrize(("scope", "level"), [(Scope.DATABASE, Level.FAIL), (Scope.SERVER, Level.INFO)])
def test_a_closed_database_matters_when_a_query_wants_to_run_in_it(scope: Scope, level: Level) -> None:
    facts = replace(WELL, closed=("Shop",), queries={"tokens": replace(TOKENS_QUERY, scope=scope)})
    [finding] = found(facts, "databases")
    assert (finding.level, finding.remedy) == (level, 'GRANT CONNECT ON DATABASE "Shop" TO monitor;')


@pytest.mark.parametrize(
    ("encrypted", "remote", "count"), [(True, True, 0), (False, False, 0), (None, False, 0), (False, True, 1)]
)
def test_an_unencrypted_connection_matters_only_when_it_leaves_the_machine(
    encrypted: bool | None,
    remote: bool,
    count: int,
) -> None:
    facts = _reached(with_session(encrypted=encrypted, remote=remote), "host=h sslmode=verify-full")
    assert len(found(facts, "encryption")) == count


def _reached(facts: Facts, dsn: str) -> Facts:
    return replace(facts, target=replace(facts.target, dsn=dsn))


@pytest.mark.parametrize(
    ("dsn", "mode"),
    [
        ("postgresql://h/d?sslmode=verify-full", ""),
        ("postgresql://h/d", "prefer"),
        ("host=h sslmode=require", "require"),
        ("host=h sslmode=verify-ca sslrootcert=/ca", "verify-ca"),
        ("host=h channel_binding=require", ""),
        ("service=mine", ""),
        ("service=mine sslmode=require", "require"),
    ],
)
def test_a_remote_connection_that_checks_less_than_the_name_of_the_server_is_told(
    dsn: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    remote = _reached(with_session(encrypted=True, remote=True), dsn)
    assert [f"sslmode={mode} does" in one.summary for one in found(remote, "encryption")] == [True] * bool(
        mode
    )
    local = _reached(with_session(encrypted=True, remote=False), dsn)
    assert found(local, "encryption") == []


@pytest.mark.parametrize(("clock", "error", "count"), [(0.9, 0.0, 0), (-1.1, 0.0, 1), (1.1, 0.2, 0)])
def test_clocks_that_may_be_equal_within_the_error_are_no_finding(
    clock: float, error: float, count: int
) -> None:
    assert len(found(with_session(clock=clock, clock_error=error), "clock")) == count
