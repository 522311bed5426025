"""Rules about who is told of an alert and which alerts mute which, seen in a real Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alertmanager import Alertmanager, alert, as_shipped, over
from inbox import Inbox

Desk = tuple[Alertmanager, Inbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with as_shipped(tmp_path_factory.mktemp("alertmanager")) as both:
        yield both


def told(received: Inbox, name: str) -> set[tuple[str, str]]:
    """Return who was told of an alert, and how."""
    return {(each.way, each.to) for each in received.find(name)}


def test_a_critical_alert_pages_the_team_and_a_warning_is_a_ticket(desk: Desk) -> None:
    manager, received = desk
    manager.send([alert("PostgresActNow", "critical"), alert("PostgresSomeday", "warning")])
    page = {("pager", "database-pager-key"), ("chat", "#database")}
    ticket = {("mail", "database@example.invalid"), ("chat", "#database"), ("tickets", "database-tickets")}
    received.until(lambda: told(received, "PostgresActNow") == page, "page")
    received.until(lambda: told(received, "PostgresSomeday") == ticket, "ticket")


def test_security_is_told_apart_and_pages_only_when_it_is_critical(desk: Desk) -> None:
    manager, received = desk
    manager.send([alert("OAuthActNow", "critical", team="security"), alert("OAuthSomeday", team="security")])
    ticket = {("mail", "security@example.invalid"), ("chat", "#security")}
    page = {*ticket, ("pager", "security-pager-key")}
    received.until(lambda: told(received, "OAuthActNow") == page, "page")
    received.until(lambda: told(received, "OAuthSomeday") == ticket, "ticket")


def test_out_of_office_hours_a_warning_for_security_is_a_mail_and_a_critical_alert_still_pages(
    tmp_path: Path,
) -> None:
    with as_shipped(tmp_path, open_office=False) as (manager, received):
        manager.send([alert("OAuthAtNight", team="security"), alert("OAuthNow", "critical", team="security")])
        page = {("mail", "security@example.invalid"), ("chat", "#security"), ("pager", "security-pager-key")}
        received.until(lambda: told(received, "OAuthNow") == page, "page")
        received.wait("OAuthAtNight", way="mail")
        assert told(received, "OAuthAtNight") == {("mail", "security@example.invalid")}


def test_an_alert_without_severity_and_team_reaches_people(desk: Desk) -> None:
    manager, received = desk
    manager.send([alert("Unlabelled", "", team="", target="", job="")])
    assert received.wait("Unlabelled", way="mail", to="database@example.invalid")


def test_information_is_told_to_nobody(desk: Desk) -> None:
    manager, received = desk
    teams = ("database", "security")
    manager.send(alert("PostgresRestarted", "info", team=team, target=team) for team in teams)
    manager.send([alert("PostgresAfterwards")])
    received.wait("PostgresAfterwards", way="mail")
    assert told(received, "PostgresRestarted") == set()


def test_the_watchdog_comes_again_and_again_to_its_own_receiver_and_to_nobody_else(desk: Desk) -> None:
    manager, received = desk
    manager.send([began := alert("PgOauthExporterWatchdog", "none", target="", cluster="alone")])
    received.wait("alone", way="heartbeat", count=4)
    assert told(received, "alone") == {("heartbeat", "heartbeat")}
    manager.send([over(began)])
    assert {each.body["status"] for each in received.find(way="heartbeat")} == {"firing"}


# Inhibition


def muted(desk: Desk, test: str, **alerts: dict[str, Any]) -> set[str]:
    """Send all alerts at once and return the names of those that are muted; every other one was told."""
    manager, received = desk
    cases = {name: f"The case {name} of {test}." for name in alerts}
    for name, case in cases.items():
        alerts[name]["labels"]["case"] = alerts[name]["annotations"]["description"] = case
    manager.send(alerts.values())

    def silent() -> set[str]:
        found = {labels.get("case") for labels in manager.muted()}
        return {name for name, case in cases.items() if case in found}

    def heard() -> set[str]:
        return {name for name, case in cases.items() if received.find(case)}

    received.until(lambda: silent() | heard() == cases.keys(), "news of every alert, told or muted")
    assert silent() & heard() == set()
    return silent()


def test_a_server_that_is_down_mutes_the_rest_of_its_target_and_nothing_else(desk: Desk) -> None:
    found = muted(
        desk,
        "down",
        cause=alert("PostgresDown", "critical", target="a"),
        critical=alert("PostgresLocks", "critical", target="a"),
        warning=alert("OAuthTokens", target="a", datname="orders"),
        queries=alert("PgOauthExporterQueryStale", target="a"),
        security=alert("OAuthWave", target="a", team="security"),
        no_successor=alert("PostgresNoPrimary", "critical", target="a"),
        other_target=alert("PostgresLocks", "critical", target="b"),
        other_job=alert("PostgresLocks", "critical", target="a", job="staging"),
        no_target=alert("PostgresLocks", "critical", target=""),
        watchdog=alert("PgOauthExporterWatchdog", "none", target="a"),
    )
    assert found == {"critical", "warning", "queries"}


def test_of_two_servers_that_are_down_neither_mutes_the_other(desk: Desk) -> None:
    found = muted(
        desk,
        "two",
        one=alert("PostgresDown", "critical", target="c"),
        two=alert("PostgresDown", "critical", target="d"),
    )
    assert found == set()


@pytest.mark.parametrize("missing", ["target", "job"])
def test_an_alert_that_lacks_a_label_mutes_nothing(desk: Desk, missing: str) -> None:
    lacks = {missing: ""}
    found = muted(
        desk,
        f"no_{missing}",
        cause=alert("PostgresDown", "critical", **lacks),
        same=alert("PostgresLocks", "critical", **lacks),
        worse=alert("PostgresSlots", "critical", slot_name="a", **lacks),
        milder=alert("PostgresSlots", slot_name="a", **lacks),
        exporter=alert("PgOauthExporterDown", "critical", **lacks),
        slow=alert("PgOauthExporterSlow", **lacks),
    )
    assert found == set()


def test_an_exporter_that_is_down_mutes_what_is_said_of_it_and_no_target(desk: Desk) -> None:
    found = muted(
        desk,
        "exporter",
        cause=alert("PgOauthExporterDown", "critical", target="", instance="a:9187"),
        itself=alert("PgOauthExporterSlow", target="", instance="a:9187"),
        other=alert("PgOauthExporterSlow", target="", instance="b:9187", job="second"),
        target=alert("PostgresBackupMissed", "critical", target="e"),
    )
    assert found == {"itself"}


def test_a_critical_alert_mutes_the_warning_about_the_same_thing_only(desk: Desk) -> None:
    found = muted(
        desk,
        "worse",
        cause=alert("PostgresSlots", "critical", target="f", slot_name="a"),
        milder=alert("PostgresSlots", target="f", slot_name="a"),
        other_thing=alert("PostgresSlots", target="f", slot_name="b"),
        other_alert=alert("PostgresLocks", target="f", slot_name="a"),
        other_target=alert("PostgresSlots", target="g", slot_name="a"),
    )
    assert found == {"milder"}
