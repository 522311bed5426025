"""How a source and its numbers become rules; what overrides and settings change."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.alert_rules import groups
from exporter.alert_sources import Alert, Alerting, Recording, Subject
from exporter.errors import ConfigError
from exporter.thresholds import Levels, Override, Settings, Severity, Thresholds

ALERT = Alert(
    "PostgresX",
    'pg_x{$where} > $limit and pg_y{a="b",$where} > $age',
    "It is.",
    "{{ $labels.target }} has it, the limit is [[limit]].",
    dashboard="board",
    labels=("datname",),
    evidence="blocking",
)
LEVELS: Levels = {Severity.WARNING: {"limit": "0.8", "age": "15m", "for": "10m"}}
URLS = Settings("ours", "", "https://r", "https://g", "https://e")


def rules(
    *sources: Alert | Recording,
    settings: Settings = URLS,
    alerts: dict[str, Levels] | None = None,
    recordings: dict[str, dict[str, str]] | None = None,
    overrides: tuple[Override, ...] = (),
) -> list[dict[str, Any]]:
    """Return the rules that follow from sources of one subject."""
    numbers = Thresholds(
        settings, {"PostgresX": LEVELS} if alerts is None else alerts, recordings or {}, overrides
    )
    [(_, group)] = groups(Alerting((Subject("s", "", sources or (ALERT,)),), numbers))
    found: list[dict[str, Any]] = group["rules"]  # type: ignore[assignment]  # so the module says
    return found


def test_a_rule_has_its_numbers_labels_and_links() -> None:
    assert rules() == [
        {
            "alert": "PostgresX",
            "expr": 'pg_x > 0.8 and pg_y{a="b"} > 900',
            "for": "10m",
            "labels": {"severity": "warning", "team": "database"},
            "annotations": {
                "summary": "It is.",
                "description": "{{ $labels.target }} has it, the limit is 0.8.",
                "runbook_url": "https://r/PostgresX.md",
                "dashboard_url": "https://g/d/board?var-target={{ $labels.target | urlquery }}"
                "&var-datname={{ $labels.datname | urlquery }}",
                "evidence_url": "https://e/evidence/{{ $labels.target }}/blocking",
            },
        }
    ]


def test_a_base_url_that_is_empty_leaves_its_link_out() -> None:
    [rule] = rules(settings=Settings("ours"))
    assert set(rule["annotations"]) == {"summary", "description"}


def test_the_selector_of_an_installation_is_put_into_every_selector() -> None:
    [rule] = rules(settings=Settings("ours", 'env="prod"'))
    assert rule["expr"] == 'pg_x{env="prod"} > 0.8 and pg_y{a="b",env="prod"} > 900'


def test_each_severity_is_a_rule_of_its_own() -> None:
    levels = {**LEVELS, Severity.CRITICAL: {"limit": "0.9", "age": "1h"}}
    found = rules(alerts={"PostgresX": levels})
    assert [rule["labels"]["severity"] for rule in found] == ["warning", "critical"]
    assert "for" not in found[1]


def test_an_alert_without_levels_is_left_out() -> None:
    assert rules(alerts={"PostgresX": {}}) == []


def test_overrides_split_the_targets_and_the_first_that_matches_wins() -> None:
    slow = {Severity.WARNING: {**LEVELS[Severity.WARNING], "limit": "0.99"}}
    found = rules(
        overrides=(
            Override("batch-.*", {"PostgresX": slow}),
            Override("b.*", {"PostgresX": {}}),
            Override("c", {"PostgresOther": {}}),
        )
    )
    assert [rule["expr"] for rule in found] == [
        'pg_x{target!~"batch-.*|b.*"} > 0.8 and pg_y{a="b",target!~"batch-.*|b.*"} > 900',
        'pg_x{target=~"batch-.*"} > 0.99 and pg_y{a="b",target=~"batch-.*"} > 900',
    ]


@pytest.mark.parametrize(
    ("expr", "value", "made"),
    [
        ("rate(x{$where}[$n])", "5m", "rate(x[5m])"),
        ("x{$where} offset $n", "1w", "x offset 1w"),
        ("max_over_time(x{$where}[1h:$n])", "5m", "max_over_time(x[1h:5m])"),
        ("x{$where} > $n", "1h30m", "x > 5400"),
        ("x{$where} > $n", "1w", "x > 604800"),
        ("x{$where} > $n", "500ms", "x > 0.5"),
        ("x{$where} > $n", "1e9", "x > 1e9"),
        ("x{$job} > $n", "3", 'x{job="ours"} > 3'),
    ],
)
def test_a_duration_stays_as_written_in_a_range_and_becomes_seconds_elsewhere(
    expr: str, value: str, made: str
) -> None:
    alert = Alert("PostgresX", expr, "", "")
    [rule] = rules(alert, alerts={"PostgresX": {Severity.INFO: {"n": value}}})
    assert rule["expr"] == made


def test_a_recording_rule_takes_its_own_numbers_and_no_override() -> None:
    recording = Recording("target:x:rate", "rate(x{$where}[$window])")
    found = rules(
        recording,
        alerts={},
        recordings={"target:x:rate": {"window": "15m"}},
        overrides=(Override("a", {"PostgresX": {}}),),
    )
    assert found == [{"record": "target:x:rate", "expr": "rate(x[15m])"}]


@pytest.mark.parametrize(
    ("alerts", "fault"),
    [
        ({}, "s.yml: PostgresX: thresholds.yml has no numbers for it"),
        ({"PostgresX": {Severity.INFO: {"limit": "1"}}}, "s.yml: PostgresX: no number for $age"),
        (
            {"PostgresX": {Severity.INFO: {"limit": "1", "age": "1h", "extra": "2"}}},
            "s.yml: PostgresX: a number that no place takes: extra",
        ),
        (
            {"PostgresX": LEVELS, "PostgresZ": LEVELS},
            "thresholds.yml: alerts.PostgresZ: no alert has this name",
        ),
    ],
)
def test_sources_and_numbers_that_do_not_fit_are_faults(alerts: dict[str, Levels], fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        rules(alerts=alerts)
    assert str(raised.value) == fault


def test_a_description_that_names_an_unknown_number_is_a_fault() -> None:
    alert = Alert("PostgresX", "x{$where}", "", "[[limit]]")
    with pytest.raises(ConfigError, match=r"no number for \[\[limit\]\]"):
        rules(alert, alerts={"PostgresX": {Severity.INFO: {}}})
