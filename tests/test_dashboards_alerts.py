"""Each alert has a panel of its name, which shows its number and its limits."""

from __future__ import annotations

import pytest

from dashboard_files import DASHBOARDS, panels
from dashboards.alert_panels import Parts, parts
from exporter.alert_sources import load, shipped_directory


def test_each_alert_has_a_panel_of_its_name_in_a_folded_row() -> None:
    shown = [
        panel["title"]
        for row in DASHBOARDS["pg-oauth-alerts"]["panels"]
        if row["type"] == "row" and row["collapsed"]
        for panel in row["panels"]
    ]
    alerts = [alert.name for subject in load(shipped_directory()).subjects for alert in subject.alerts]
    assert sorted(shown) == sorted(alerts)


def test_the_description_of_an_alerts_panel_has_the_limits_and_the_whole_condition() -> None:
    board = DASHBOARDS["pg-oauth-alerts"]
    found = next(panel for panel in panels(board) if panel["title"] == "PostgresReplicationLagSeconds")
    assert "warning when it is > 300 for 5m, as critical when it is > 3600 for 5m" in found["description"]
    assert "pg_stat_wal_receiver_up" in found["description"]


@pytest.mark.parametrize(
    ("condition", "drawn"),
    [
        ("a > 2", Parts(("a",), ">", 2)),
        ("a > 2 * 0.5 and on (x) b > 3", Parts(("a",), ">", 1)),
        ("a - time() < 5 unless b", Parts(("a - time()",), "<", 5)),
        ("a > 2 and a > 4 * b", Parts(("a",), ">", 2, ("4 * b",))),
        ("(a > 1 or b > 1) unless c == 1", Parts(("a", "b"), ">", 1)),
        ("a == 0", Parts(("a",), "==", 0)),
        ("a == 1 unless b", Parts(("a == 1 unless b",))),
        ("a unless b", Parts(("a unless b",))),
        ("a == bool 1", Parts(("a == bool 1",))),
    ],
)
def test_what_is_drawn_is_the_number_that_is_compared_and_what_it_is_compared_with(
    condition: str, drawn: Parts
) -> None:
    found = parts(condition)
    assert Parts(_plain(found.values), found.operator, found.limit, _plain(found.others)) == drawn


def _plain(written: tuple[str, ...]) -> tuple[str, ...]:
    """Return expressions without the braces and blanks that the parser writes."""
    return tuple(" ".join(each.replace("{}", "").split()) for each in written)
