"""What a file of numbers may say, and how it goes over the shipped one."""

from __future__ import annotations

import pytest

from exporter.document import parse
from exporter.thresholds import Reading, Severity, Thresholds

SHIPPED = """
settings: {job: ours, selector: 'a="b"', runbooks: https://r.example.org/}
recordings:
  target:pg_x:rate: {window: 5m}
alerts:
  PostgresX:
    warning: {limit: 0.8, for: 10m}
    critical: {limit: 0.95, for: 2m}
  PostgresY:
    info: {window: 1h}
"""


def read(text: str, base: Thresholds | None = None) -> tuple[Thresholds, list[str]]:
    reading = Reading(parse(text, "own.yml"), base)
    return reading.read(), [str(fault) for fault in reading.faults]


BASE, _ = read(SHIPPED)


def test_the_shipped_file_says_everything_itself() -> None:
    assert read(SHIPPED)[1] == []
    assert BASE.alerts["PostgresX"][Severity.CRITICAL] == {"limit": "0.95", "for": "2m"}
    assert (BASE.settings.job, BASE.settings.dashboards) == ("ours", "")


def test_a_base_url_loses_the_slash_at_its_end() -> None:
    assert BASE.settings.runbooks == "https://r.example.org"


def test_a_number_that_is_given_replaces_its_own_and_leaves_the_others() -> None:
    own, faults = read("alerts: {PostgresX: {warning: {limit: 0.7}}}", BASE)
    assert faults == []
    assert own.alerts["PostgresX"] == {
        Severity.WARNING: {"limit": "0.7", "for": "10m"},
        Severity.CRITICAL: {"limit": "0.95", "for": "2m"},
    }
    assert own.alerts["PostgresY"] == BASE.alerts["PostgresY"]
    assert own.settings == BASE.settings


def test_a_very_small_number_is_taken_as_prometheus_reads_it() -> None:
    own, faults = read("alerts: {PostgresX: {warning: {limit: 0.000005}}}", BASE)
    assert faults == []
    assert own.alerts["PostgresX"][Severity.WARNING]["limit"] == "5e-06"


def test_a_level_and_a_whole_alert_can_be_off() -> None:
    own, faults = read("alerts: {PostgresX: {critical: off}, PostgresY: off}", BASE)
    assert faults == []
    assert list(own.alerts["PostgresX"]) == [Severity.WARNING]
    assert own.alerts["PostgresY"] == {}


def test_an_override_starts_from_the_numbers_of_all_and_its_own_file_wins() -> None:
    text = """
alerts: {PostgresX: {warning: {limit: 0.7}}}
overrides:
  - target: batch-.*
    alerts: {PostgresX: {warning: {for: 1h}, critical: off}}
"""
    own, faults = read(text, BASE)
    assert faults == []
    [override] = own.overrides
    assert override.target == "batch-.*"
    assert override.alerts == {"PostgresX": {Severity.WARNING: {"limit": "0.7", "for": "1h"}}}


def test_a_second_file_goes_over_the_first_and_its_overrides_come_first() -> None:
    first, _ = read("overrides: [{target: a, alerts: {PostgresY: off}}]", BASE)
    second, faults = read("overrides: [{target: b, alerts: {PostgresY: off}}]", first)
    assert faults == []
    assert [override.target for override in second.overrides] == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("alert: {}", "own.yml:1: alert: unknown key (did you mean alerts?)"),
        ("settings: {jobs: x}", "own.yml:1: settings.jobs: unknown key (did you mean job?)"),
        (
            "alerts: {PostgresXX: off}",
            "own.yml:1: alerts.PostgresXX: unknown key (did you mean PostgresX?)",
        ),
        (
            "alerts: {PostgresY: {critical: {window: 1h}}}",
            "own.yml:1: alerts.PostgresY.critical: unknown key (known: info)",
        ),
        (
            "alerts: {PostgresY: {info: {windows: 1h}}}",
            "own.yml:1: alerts.PostgresY.info.windows: unknown key (did you mean window?)",
        ),
        (
            "alerts: {PostgresY: {info: {window: soon}}}",
            "own.yml:1: alerts.PostgresY.info.window: must be a number, or a duration such as 90s, 15m or 7d",
        ),
        (
            "alerts: {PostgresY: {info: {window: true}}}",
            "own.yml:1: alerts.PostgresY.info.window: must be a number, or a duration such as 90s, 15m or 7d",
        ),
        ("alerts: [PostgresY]", "own.yml:1: alerts: must be a mapping (key: value)"),
        ("overrides: {target: x}", "own.yml:1: overrides: must be a list (- target: batch-.*)"),
        (
            "overrides: [{target: 'a(', alerts: {}}]",
            "own.yml:1: overrides.0.target: must be a regular expression for names of targets",
        ),
        (
            "overrides: [{target: 'a\"b', alerts: {}}]",
            "own.yml:1: overrides.0.target: must be a regular expression for names of targets",
        ),
    ],
)
def test_what_does_not_fit_is_a_fault_that_says_where_and_what_would(text: str, fault: str) -> None:
    assert read(text, BASE)[1] == [fault]
