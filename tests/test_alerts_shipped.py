"""The alerts that are shipped: rules are current, each has its runbook, its tests and metrics that exist."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from dashboards.metrics import metrics
from exporter import alerting
from exporter.alert_files import page, prometheus_rule, rule_files
from exporter.model import MetricType
from programs import require
from promql import labels, selectors
from shipped_alerts import ALERTING, ALERTS, FOLDER, RECORDINGS, RULES, TEST_FILES, Rule

ROOT = FOLDER.parent
LABELS = {"job", "target", "instance", "datname", "shard"}
OF_A_JOB = ("PgOauthExporterWatchdog", "PgOauthExporterMissing", "PgOauthExporterShardsDisagree")
HEADINGS = ["Meaning", "Impact", "Is the number true?", "Diagnosis", "Mitigation", "Threshold"]
BY_NAME = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name}-{rule.severity}")


def test_the_rules_are_what_sources_and_numbers_say() -> None:
    made = dict(rule_files(ALERTING))
    assert {path.name: path.read_text() for path in FOLDER.glob("*.rules.yml")} == made, "run `make docs`"


def test_the_page_of_all_alerts_is_current() -> None:
    made = "\n".join(page(ALERTING, alerting.tests_by_alert(FOLDER), alerting.seen_end_to_end(FOLDER))) + "\n"
    assert (ROOT / "docs/alerts.md").read_text() == made, "run `make docs`"


def test_the_object_for_kubernetes_is_current_and_holds_the_same_groups() -> None:
    text = (ROOT / "deploy/kubernetes/prometheusrule.yaml").read_text()
    assert text == prometheus_rule(ALERTING), "run `make docs`"
    files = [yaml.safe_load(text)["groups"] for _, text in rule_files(ALERTING)]
    assert yaml.safe_load(text)["spec"]["groups"] == [group for groups in files for group in groups]


def test_promtool_finds_no_fault_in_the_rules() -> None:
    files = sorted(FOLDER.glob("*.rules.yml"))
    done = subprocess.run(
        [require("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", sorted(TEST_FILES))
def test_the_tests_of_the_rules_pass(file: str) -> None:
    done = subprocess.run(
        [require("promtool"), "test", "rules", FOLDER / "tests" / file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_at_least_60_alerts_and_no_name_twice() -> None:
    named = [alert.name for subject in ALERTING.subjects for alert in subject.alerts]
    assert len(named) == len(set(named)) >= 60


def fired() -> Iterator[tuple[str, str]]:
    """Yield every alert and severity that some test sees firing."""
    for file in TEST_FILES.values():
        for group in file["tests"]:
            for test in group.get("alert_rule_test", ()):
                for alert in test.get("exp_alerts", ()):
                    yield test["alertname"], alert["exp_labels"]["severity"]


def silent() -> set[str]:
    """Return every alert that some test of its own sees silent."""
    return {
        test["alertname"]
        for file in TEST_FILES.values()
        for group in file["tests"]
        for test in group.get("alert_rule_test", ())
        if not test.get("exp_alerts")
    }


def test_every_level_of_every_alert_is_seen_firing_and_every_alert_silent() -> None:
    assert {(rule.name, rule.severity) for rule in RULES} - set(fired()) == set()
    assert ALERTS.keys() - silent() == {"PgOauthExporterWatchdog"}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {path.stem for path in FOLDER.glob("runbooks/*.md")} == set(ALERTS)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("runbooks/*.md")), ids=lambda path: path.stem)
def test_a_runbook_has_its_headings_in_order_and_something_under_each(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.stem}\n")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    assert parts[1::2] == HEADINGS
    assert all(part.strip() for part in parts[2::2])


@BY_NAME
def test_a_summary_is_a_static_sentence_and_a_description_names_the_place(rule: Rule) -> None:
    summary, description = rule.annotations["summary"], rule.annotations["description"]
    assert summary.endswith(".")
    assert "{{" not in summary
    if rule.name not in OF_A_JOB:
        assert re.search(r"\$labels\.(target|instance|system_identifier)", description)


@BY_NAME
def test_a_rule_reads_only_metrics_and_labels_that_exist(rule: Rule) -> None:
    known = metrics()
    for selector in selectors(rule.expr):
        assert selector.metric in known, f"nothing gives {selector.metric}"
        assert all(known[selector.metric].has(label) for label in selector.labels), selector
    assert labels(rule.expr) <= LABELS | set(ALERTS[rule.name].labels)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_rule_reads_only_metrics_and_labels_that_exist(name: str) -> None:
    known = metrics()
    for selector in selectors(RECORDINGS[name]):
        assert selector.metric in known, f"nothing gives {selector.metric}"
        assert all(known[selector.metric].has(label) for label in selector.labels), selector


@pytest.mark.parametrize("expression", [*RECORDINGS.values(), *(rule.expr for rule in RULES)])
def test_a_rate_is_taken_of_counters_and_a_trend_of_gauges(expression: str) -> None:
    known = metrics()
    for call in re.finditer(r"\b(rate|irate|increase|deriv|delta|predict_linear)\((\w[\w:]*)", expression):
        is_counter = known[call[2]].type is MetricType.COUNTER or call[2].endswith(("_sum", "_count"))
        assert is_counter is (call[1] in ("rate", "irate", "increase")), call[0]


@BY_NAME
def test_what_an_expression_groups_by_includes_what_its_alert_says_it_is_labelled_with(rule: Rule) -> None:
    wanted = {label for label in ALERTS[rule.name].labels if label != "instance"}
    assert wanted <= labels(rule.expr) | {
        label for name in RECORDINGS if name in rule.expr for label in labels(RECORDINGS[name])
    }


@BY_NAME
def test_every_selector_can_be_narrowed_to_an_installation(rule: Rule) -> None:
    for selector in selectors(rule.expr):
        assert selector.labels & {"target", "job"}, f"{selector.metric} lacks $where or $job"


def test_no_two_alerts_are_the_same_expression() -> None:
    expressions = [alert.expr for alert in ALERTS.values()]
    assert len(set(expressions)) == len(expressions)
