"""The command `alerts`: what it lists, what it writes, what it says about a bad file."""

from __future__ import annotations

from pathlib import Path

import yaml

from daemon import finish
from exporter.alert_files import rule_files
from shipped_alerts import ALERTING, RULES


def test_it_lists_every_level_of_every_alert() -> None:
    code, printed = finish("alerts")
    assert code == 0
    assert len(printed.splitlines()) == len(RULES) + 2
    assert "PostgresDown" in printed


def test_it_writes_a_file_for_each_subject_and_says_which(tmp_path: Path) -> None:
    code, printed = finish("alerts", "--rules", tmp_path / "rules")
    assert code == 0
    made = {path.name: path.read_text() for path in (tmp_path / "rules").iterdir()}
    assert made == dict(rule_files(ALERTING))
    assert printed.splitlines() == [str(tmp_path / "rules" / name) for name in made_in_order(made)]


def made_in_order(made: dict[str, str]) -> list[str]:
    return sorted(made, key=lambda name: name.removesuffix(".rules.yml"))


def test_your_numbers_are_in_the_rules_it_writes(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("alerts: {PostgresDown: {critical: {window: 7m, for: 30s}}}\nsettings: {selector: ''}\n")
    code, _ = finish("alerts", "--thresholds", own, "--rules", tmp_path)
    assert code == 0
    [group] = yaml.safe_load((tmp_path / "availability.rules.yml").read_text())["groups"]
    [down] = [rule for rule in group["rules"] if rule.get("alert") == "PostgresDown"]
    assert down["expr"].startswith("max by (job, target) (max_over_time(pg_up[7m])) == 0\nunless ")
    assert down["for"] == "30s"


def test_the_object_for_kubernetes_is_one_document() -> None:
    code, printed = finish("alerts", "--kubernetes")
    assert code == 0
    assert yaml.safe_load(printed)["kind"] == "PrometheusRule"


def test_a_fault_names_file_line_and_nearest_name_and_writes_nothing(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("alerts:\n  PostgresDwon: off\n")
    code, printed = finish("alerts", "--thresholds", own, "--rules", tmp_path / "rules")
    assert code == 1
    assert printed == (
        f"pg-oauth-exporter: {own}:2: alerts.PostgresDwon: unknown key (did you mean PostgresDown?)\n"
    )
    assert not (tmp_path / "rules").exists()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    code, printed = finish("alerts", "--thresholds", tmp_path / "none.yml")
    assert code == 1
    assert "the file cannot be read: no such file or directory" in printed
