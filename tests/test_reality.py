"""What goes wrong on a real server is told to people in the words that ship, and its end is told, too.

One major version suffices, the newest: what queries answer on the others is the matter of their own tests.
"""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

import conditions_outages  # noqa: F401 - importing it notes its conditions
import conditions_sessions  # noqa: F401
import conditions_tables  # noqa: F401
import conditions_tokens  # noqa: F401
import conditions_wal  # noqa: F401
from conditions import CONDITIONS, Condition, Told
from farm import Farm
from installation import WATCHED_BY, installation
from shipped_alerts import ALERTS, FOLDER
from story import Story, tell

pytestmark = pytest.mark.slow

SEEN = FOLDER / "tests" / "seen.txt"
WATCHDOG = "PgOauthExporterWatchdog"
TOLD = [one for each in CONDITIONS for one in each.told]
# Who is told, by team and severity; `nobody` has a webhook in this test alone.
RECEIVERS = {
    ("database", "critical"): {"database-oncall"},
    ("database", "warning"): {"database-tickets"},
    ("database", "info"): {"nobody"},
    ("security", "warning"): {"security-tickets", "security-chat"},
    ("security", "info"): {"nobody"},
}


@pytest.fixture(scope="module")
def story(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Story:
    if not farm.available:
        pytest.skip(f"no PostgreSQL here: {'; '.join(farm.notes)}")
    alerts: defaultdict[str, set[str]] = defaultdict(set)
    for one in TOLD:
        # What is said of an exporter as a whole is said of what it watches.
        for target in (one.labels.get("target"), *WATCHED_BY.get(one.labels.get("instance", ""), ())):
            alerts[str(target)].add(one.alert)
    with installation(farm, tmp_path_factory.mktemp("installation"), alerts) as site:
        return tell(site, CONDITIONS)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda each: each.name)
def test_people_are_told_of_it_and_of_its_end(story: Story, condition: Condition) -> None:
    assert condition.name not in story.troubles, story.troubles[condition.name]
    for one in condition.told:
        for status in ("firing", "resolved"):
            came = [
                (notice, alert)
                for notice, alert in story.alerts(status)
                if alert["labels"].items() == one.everything
            ]
            if one.muted:
                assert came == [], f"{one.name} should have been muted"
                continue
            assert came, f"not {status}: {one}; but {_others(story, one)}"
            for notice, alert in came:
                assert notice.to in RECEIVERS[one.labels["team"], one.labels["severity"]]
                assert notice.body["groupLabels"].items() <= alert["labels"].items()
                _read(one, alert["annotations"])
            if one.labels["severity"] != "info":
                _said(story, one, status, [alert["annotations"]["description"] for _, alert in came])


def _others(story: Story, one: Told) -> object:
    """Return the alerts of that name that came instead, for whoever reads the failure."""
    found = {
        (status, tuple(sorted(alert["labels"].items())))
        for status in ("firing", "resolved")
        for _, alert in story.alerts(status)
        if alert["labels"]["alertname"] == one.alert
    }
    return sorted(found)


def _read(one: Told, annotations: dict[str, str]) -> None:
    """Every annotation is filled in."""
    assert annotations["summary"].endswith(".")
    assert one.name.rpartition(" ")[2] in annotations["description"]
    assert annotations["runbook_url"].endswith(f"/{one.alert}.md")
    assert "/d/pg-oauth-" in annotations["dashboard_url"]
    for text in annotations.values():
        assert not re.search(r"\{\{|\[\[|<no value>|<error|%!", text), text
        assert "NaN" not in text


def _said(story: Story, one: Told, status: str, descriptions: list[str]) -> None:
    """The chat says it in the words of one of the notifications, under a title that names it."""
    ways = r"RESOLVED: |.* resolved\)$" if status == "resolved" else rf"{one.labels['severity'].upper()}: "
    chats = [
        each
        for each in list(story.notices)
        if each.way == "chat" and re.match(rf"[A-Z]+: {re.escape(one.name)}( \(|$)", each.title)
    ]
    assert any(re.match(ways, each.title) for each in chats), [each.title for each in chats]
    assert any(text in each.text for each in chats for text in map(_escaped, descriptions))
    assert {each.to for each in chats} == {f"#{one.labels['team']}"}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_a_healthy_installation_is_silent_but_for_the_watchdog(story: Story) -> None:
    told = {alert["labels"]["alertname"] for each in story.before for alert in each.body.get("alerts", ())}
    assert told == {WATCHDOG}


def test_a_healthy_idle_target_is_silent_while_all_others_burn(story: Story) -> None:
    told = [alert["labels"] for _, alert in story.alerts("firing")]
    assert [labels for labels in told if labels.get("target") == "idle"] == []


def test_nothing_is_told_that_no_condition_explains(story: Story) -> None:
    """Until the cures, which are a change of their own."""
    told = {
        f"{labels['alertname']} on {labels.get('target') or labels.get('instance')}"
        for notice in story.burning
        for alert in notice.body.get("alerts", ())
        if (labels := alert["labels"])["alertname"] != WATCHDOG
    }
    assert told - {one.name for one in TOLD} == set()


def test_the_watchdog_goes_to_its_own_receiver_all_the_time(story: Story) -> None:
    ways = {each.way for each, alert in story.alerts("firing") if alert["labels"]["alertname"] == WATCHDOG}
    assert ways == {"heartbeat"}
    assert sum(each.way == "heartbeat" for each in story.notices) > story.seconds["over"] / 10


def test_a_server_that_is_down_mutes_the_rest_of_its_target_and_of_no_other(story: Story) -> None:
    muted = {(labels["alertname"], labels["target"]) for labels in story.muted}
    assert ("PostgresBackupMissed", "down") in muted
    assert {target for _, target in muted} <= {"down", "frozen", "crowded"}
    assert not muted & {("PostgresDown", "down"), ("PostgresDown", "frozen")}


def test_the_list_of_alerts_that_were_seen_is_current(story: Story) -> None:
    expected = sorted({one.alert for one in TOLD} | {WATCHDOG})
    seen = {alert["labels"]["alertname"] for _, alert in story.alerts("firing")}
    assert SEEN.read_text().splitlines() == [name for name in expected if name in seen]


def test_every_condition_leads_to_alerts_that_ship() -> None:
    """An alert that is renamed takes its condition with it."""
    assert {one.alert for one in TOLD} <= set(ALERTS)
