"""Rules about what notifications say, word for word, as they arrive from a real Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alertmanager import Alertmanager, alert, as_shipped, over
from inbox import Inbox

Desk = tuple[Alertmanager, Inbox]

# What is always the same in links of an alert on the target "shop".
SHOP = "target=shop&var-datname=x"
SILENCE = "http://alertmanager.example.org/#/silences/new?filter=%7Bjob%3D%22pg-oauth-exporter%22%2C%20"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with as_shipped(tmp_path_factory.mktemp("notifications")) as both:
        yield both


def minute(moment: str) -> str:
    """Write an alert's moment as notifications do."""
    return moment[:16].replace("T", " ")


def test_alerts_of_one_name_and_target_are_one_notification_with_all_of_them(desk: Desk) -> None:
    manager, received = desk
    sent = [alert("PostgresTogether", datname=name) for name in ("a", "b", "c")]
    manager.send(sent)
    [mail] = received.wait("PostgresTogether", way="mail")
    assert mail.title == "WARNING: PostgresTogether on shop (3 firing)"
    assert (
        mail.text
        == f"""\
The summary of PostgresTogether.
Where: job pg-oauth-exporter, target shop

- a is not well.
  Since {minute(sent[0]["startsAt"])} UTC.

- b is not well.
  Since {minute(sent[1]["startsAt"])} UTC.

- c is not well.
  Since {minute(sent[2]["startsAt"])} UTC.

Runbook: https://example.org/runbooks/PostgresTogether.md
Dashboard: https://example.org/d/pg-oauth-target?var-{SHOP}
Silence: {SILENCE}target%3D%22shop%22%2C%20alertname%3D%22PostgresTogether%22%7D
"""
    )


def test_a_resolved_mail_says_what_was_and_what_resolved_means(desk: Desk) -> None:
    manager, received = desk
    manager.send([began := alert("PostgresOver", datname="orders")])
    received.wait("WARNING: PostgresOver on shop", way="mail")
    manager.send([ended := over(began)])
    [mail] = received.wait("RESOLVED: PostgresOver on shop", way="mail")
    assert mail.title == "RESOLVED: PostgresOver on shop"
    assert (
        mail.text
        == f"""\
No longer seen: The summary of PostgresOver.
Where: datname orders, job pg-oauth-exporter, target shop

- Was: orders is not well.
  From {minute(ended["startsAt"])} to {minute(ended["endsAt"])} UTC.

Resolved means that Prometheus no longer sees it, as when the exporter has gone. The dashboard tells.

Runbook: https://example.org/runbooks/PostgresOver.md
Dashboard: https://example.org/d/pg-oauth-target?var-{SHOP}
Silence: {SILENCE}target%3D%22shop%22%2C%20alertname%3D%22PostgresOver%22%7D
"""
    )


def test_what_is_over_and_what_goes_on_are_told_apart(desk: Desk) -> None:
    manager, received = desk
    both = [alert("PostgresHalf", datname=name) for name in ("a", "b")]
    manager.send(both)
    received.wait("PostgresHalf on shop (2 firing)", way="mail")
    manager.send([over(both[1])])
    [mail] = received.wait("PostgresHalf on shop (1 firing, 1 resolved)", way="mail")
    assert mail.title.startswith("WARNING: ")
    since = minute(both[0]["startsAt"])
    assert f"- a is not well.\n  Since {since} UTC.\n\n- Was: b is not well.\n  From " in mail.text


def test_of_many_alerts_the_first_ten_are_told_and_all_are_counted(desk: Desk) -> None:
    manager, received = desk
    manager.send(alert("PostgresTen", datname=f"d{number:02}") for number in range(10))
    manager.send(alert("PostgresEleven", datname=f"d{number:02}") for number in range(11))
    for way in ("mail", "chat"):
        [ten] = received.wait("PostgresTen on shop (10 firing)", way=way)
        [eleven] = received.wait("PostgresEleven on shop (11 firing)", way=way)
        assert ten.text.count("is not well") == eleven.text.count("is not well") == 10
        assert "are shown" not in ten.text
        assert "\nThe first 10 of 11 are shown.\n" in eleven.text
        assert eleven.body.get("html", "").count("<li>") in {0, 10}


def test_a_chat_says_it_in_a_line_for_each_alert_and_one_of_links(desk: Desk) -> None:
    manager, received = desk
    evidence = {"evidence_url": "https://example.org/evidence/shop/blocking"}
    began = alert("PostgresChat", "critical")
    began["annotations"] |= evidence
    manager.send([began])
    [chat] = received.wait("CRITICAL: PostgresChat on shop", way="chat")
    assert chat.title == "CRITICAL: PostgresChat on shop"
    assert chat.text == (
        "*The summary of PostgresChat.*\n"
        f"• shop is not well. _Since {minute(began['startsAt'])} UTC._\n"
        "<https://example.org/runbooks/PostgresChat.md|Runbook> "
        f"<https://example.org/d/pg-oauth-target?var-{SHOP}|Dashboard> "
        "<https://example.org/evidence/shop/blocking|Evidence> "
        f"<{SILENCE}target%3D%22shop%22%2C%20alertname%3D%22PostgresChat%22%7D|Silence>"
    )
    [said] = chat.body["attachments"]
    assert said["color"] == "danger"
    assert said["title_link"] == began["annotations"]["dashboard_url"]
    assert said["fallback"] == "CRITICAL: PostgresChat on shop: The summary of PostgresChat."
    manager.send([ended := over(began)])
    [resolved] = received.wait("RESOLVED: PostgresChat on shop", way="chat")
    assert resolved.text.startswith(
        "*No longer seen: The summary of PostgresChat.*\n"
        f"• Was: shop is not well. _From {minute(ended['startsAt'])} to {minute(ended['endsAt'])} UTC._\n"
        "Resolved means that Prometheus no longer sees it"
    )
    assert resolved.body["attachments"][0]["color"] == "good"


def test_a_name_that_somebody_else_chose_calls_nobody_in_a_chat_and_marks_up_no_mail(desk: Desk) -> None:
    manager, received = desk
    manager.send([alert("PostgresNamed", datname="<!channel> & <b>")])
    [chat] = received.wait("PostgresNamed", way="chat")
    [mail] = received.wait("PostgresNamed", way="mail")
    assert "• &lt;!channel&gt; &amp; &lt;b&gt; is not well." in chat.text
    assert "- <!channel> & <b> is not well." in mail.text
    assert "<li>&lt;!channel&gt; &amp; &lt;b&gt; is not well.<br>" in mail.body["html"]


def test_the_html_of_a_mail_has_the_same_words_and_links_that_can_be_followed(desk: Desk) -> None:
    manager, received = desk
    manager.send([began := alert("PostgresPage")])
    [mail] = received.wait("PostgresPage", way="mail")
    for part in (
        "<strong>The summary of PostgresPage.</strong>",
        "<p>Where: job pg-oauth-exporter, target shop</p>",
        f"<li>shop is not well.<br><small>Since {minute(began['startsAt'])} UTC.</small></li>",
        '<a href="https://example.org/runbooks/PostgresPage.md">Runbook</a>',
        f'<a href="https://example.org/d/pg-oauth-target?var-{SHOP.replace("&", "&amp;")}">Dashboard</a>',
        f'<a href="{SILENCE}target%3D%22shop%22%2C%20alertname%3D%22PostgresPage%22%7D">Silence</a>',
    ):
        assert part in mail.body["html"]
    assert "Evidence" not in mail.body["html"]


def test_an_alert_about_the_exporter_as_a_whole_says_which_one(desk: Desk) -> None:
    manager, received = desk
    manager.send([alert("PgOauthExporterSlow", target="", instance="db1:9187")])
    [mail] = received.wait("PgOauthExporterSlow", way="mail")
    assert mail.title == "WARNING: PgOauthExporterSlow on db1:9187"
    assert "\nWhere: instance db1:9187, job pg-oauth-exporter\n" in mail.text


def test_an_alert_of_somebody_else_is_told_by_its_labels(desk: Desk) -> None:
    manager, received = desk
    manager.send([alert("DiskFull", "", team="", target="", disk="sda") | {"annotations": {}}])
    [mail] = received.wait("DiskFull", way="mail")
    assert mail.title == "ALERT: DiskFull on pg-oauth-exporter"
    assert mail.text.startswith(
        "DiskFull\nWhere: disk sda, job pg-oauth-exporter\n\n- DiskFull sda pg-oauth-exporter\n"
    )


def test_a_page_says_all_in_its_first_line_and_ends_under_the_key_it_began_with(desk: Desk) -> None:
    manager, received = desk
    manager.send([began := alert("PostgresWakes", "critical")])
    [page] = received.wait("PostgresWakes", way="pager")
    assert page.title == "CRITICAL: PostgresWakes on shop: The summary of PostgresWakes."
    assert page.text.startswith("The summary of PostgresWakes.\nWhere: job pg-oauth-exporter, target shop\n")
    said = page.body["payload"]
    assert (page.body["event_action"], said["severity"]) == ("trigger", "critical")
    assert (said["class"], said["component"]) == ("PostgresWakes", "shop")
    manager.send([over(began)])
    received.until(lambda: "resolve" in actions(received, page.body["dedup_key"]), "end of the page")


def actions(received: Inbox, key: str) -> set[str]:
    return {each.body["event_action"] for each in received.find(way="pager") if each.body["dedup_key"] == key}


def test_a_plain_webhook_gets_the_json_of_alertmanager_and_the_token(desk: Desk) -> None:
    manager, received = desk
    manager.send([alert("PostgresTicket")])
    [ticket] = received.wait("PostgresTicket", way="tickets")
    assert ticket.authorization == "Bearer webhook-token"
    assert ticket.body["version"] == "4"
    assert ticket.body["groupLabels"] == {
        "alertname": "PostgresTicket",
        "job": "pg-oauth-exporter",
        "target": "shop",
    }
    [said] = ticket.body["alerts"]
    assert said["annotations"] == alert("PostgresTicket")["annotations"]
