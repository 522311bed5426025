"""The demo's plan and its traffic: pure functions of a seed, bounded, and true to OAuth2."""

from __future__ import annotations

from collections import Counter

import pytest

from demo_store import Clock, until, world
from exporter.demo import flows
from exporter.demo.timeline import FORGOTTEN_SECONDS, StepKind
from exporter.demo.world import Operation, World


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert until(600) == until(600)
    assert until(600) != until(600, seed=2)


def test_steps_come_in_order_and_at_the_rate_asked_for() -> None:
    steps = until(600, rate=20)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    traffic = sum(step.kind is StepKind.OPERATION for step in steps)
    assert traffic == pytest.approx(600 * 20, rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_every_incident_but_a_forgotten_purge_happens_within_two_minutes(seed: int) -> None:
    assert {step.kind for step in until(120, seed)} == set(StepKind) - {StepKind.PURGE_FORGOTTEN}


@pytest.mark.parametrize("seed", range(5))
def test_a_purge_runs_every_15_seconds_but_while_it_is_forgotten(seed: int) -> None:
    steps = [step for step in until(3600, seed, rate=0.1) if step.kind is not StepKind.OPERATION]
    forgotten = [step.at for step in steps if step.kind is StepKind.PURGE_FORGOTTEN]
    purges = {step.at for step in steps if step.kind is StepKind.PURGE}
    expected = {
        at
        for at in (15.0 * turn for turn in range(1, 240))
        if not any(gap <= at < gap + FORGOTTEN_SECONDS for gap in forgotten)
    }
    assert len(forgotten) >= 5
    assert purges == expected


def traffic(seconds: float, rate: int = 20, seed: int = 1) -> tuple[World, list[Operation]]:
    clock = Clock()
    somebody = world(clock, seed)
    operations = []
    for turn in range(int(seconds * rate)):
        clock.seconds = turn / rate
        operations.append(flows.next_operation(somebody))
    return somebody, operations


def test_the_same_seed_gives_the_same_statements_and_another_seed_others() -> None:
    assert traffic(60)[1] == traffic(60)[1]
    assert traffic(60)[1] != traffic(60, seed=2)[1]


def test_a_minute_of_traffic_has_every_kind_of_operation() -> None:
    kinds = Counter(operation.name for operation in traffic(60)[1])
    assert kinds.keys() == {
        *("issue", "begin_code", "exchange", "refresh", "revoke", "introspect"),
        *("sign_up", "log_in", "touch_session", "log_out"),
    }


def test_an_operation_names_every_table_that_it_touches() -> None:
    for operation in traffic(60)[1]:
        text = " ".join(statement for statement, _ in operation.statements)
        tables = ("tokens", "authorization_codes", "users", "user_sessions", "clients")
        assert operation.tables == {table for table in tables if f" {table} " in f"{text} "}


def test_a_code_is_exchanged_no_sooner_than_its_client_comes_back_with_it() -> None:
    clock = Clock()
    somebody = world(clock)
    while not somebody.codes:
        flows.begin_code(somebody)
    clock.seconds = 0.99
    assert flows.exchange_code(somebody) is None
    clock.seconds = 5.0
    exchange = flows.exchange_code(somebody)
    assert exchange is not None
    assert [statement.split()[0] for statement, _ in exchange.statements] == ["UPDATE", "INSERT", "INSERT"]
    assert not somebody.codes


def test_codes_are_begun_with_every_pkce_method_and_some_are_abandoned() -> None:
    somebody = world(Clock())
    begun = [flows.begin_code(somebody) for _ in range(400)]
    methods = {operation.statements[0][1][6] for operation in begun}
    assert methods == {"S256", "plain", None}
    assert 0.7 < len(somebody.codes) / len(begun) < 0.95


def test_a_refresh_token_is_used_until_it_expires_and_not_at_that_moment() -> None:
    for late, usable in ((-0.001, True), (0.0, False)):
        clock = Clock()
        somebody = world(clock)
        while not somebody.grants:
            flows.begin_code(somebody)
            clock.seconds += 5
            flows.exchange_code(somebody)
        clock.seconds += flows.REFRESH_LIFE.total_seconds() + late
        assert (flows.refresh(somebody) is not None) is usable


def test_a_refresh_revokes_the_old_pair_and_issues_a_new_one() -> None:
    somebody, _ = traffic(60)
    held = len(somebody.grants)
    refreshed = flows.refresh(somebody)
    assert refreshed is not None
    verbs = [statement.split()[0] for statement, _ in refreshed.statements]
    assert verbs == ["UPDATE", "UPDATE", "INSERT", "INSERT"]
    assert len(somebody.grants) == held


def test_nobody_remembers_a_token_that_a_revocation_wave_took() -> None:
    somebody, _ = traffic(60)
    client, _ = flows.revocation_wave(somebody)
    assert somebody.grants
    assert client not in {grant.client for grant in somebody.grants}


def test_memory_and_accounts_stay_within_bounds_however_long_it_runs() -> None:
    somebody, _ = traffic(3600)
    somebody.users = flows.USERS_AT_MOST - 1
    assert flows.sign_up(somebody) is not None
    assert flows.sign_up(somebody) is None
    assert len(somebody.grants) <= 5000
    assert len(somebody.codes) <= len(somebody.access) <= 500
    assert len(somebody.sessions) <= 2000
