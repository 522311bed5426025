"""Rules for what a user can say about a target: its labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.loading import load
from exporter.roster import from_settings
from setting_files import DSN, faults, places, written


def test_labels_reach_the_target_in_the_order_of_their_names(tmp_path: Path) -> None:
    text = f"targets: [{{name: a, dsn: '{DSN}', labels: {{team: Größe 5, env: prod}}}}]"
    [target] = from_settings(load(written(tmp_path, text), {}, {}))
    assert target.labels == (("env", "prod"), ("team", "Größe 5"))


def test_a_target_without_labels_has_none(tmp_path: Path) -> None:
    [target] = from_settings(load(written(tmp_path, f"targets: [{{name: a, dsn: '{DSN}'}}]"), {}, {}))
    assert target.labels == ()


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("job: x", "is not free"),
        ("target: x", "is not free"),
        ("__x: x", "no __ in front"),
        ("5x: x", "no digit first"),
        ("a-b: x", "letters, digits and _"),
        (f"{'a' * 64}: x", "up to 63"),
        ("a: 5", "must be text"),
        ("a: ' '", "printable text"),
        (f"a: {'x' * 201}", "is longer than 200"),
    ],
)
def test_a_bad_label_is_a_fault_at_its_name(tmp_path: Path, label: str, words: str) -> None:
    [fault] = faults(tmp_path, f"targets:\n- name: a\n  dsn: b\n  labels:\n    {label}\n")
    assert fault.where.endswith("exporter.yaml:5")
    assert fault.key == f"targets.0.labels.{label.partition(':')[0]}" or fault.key.endswith(".?")
    assert words in fault.problem


@pytest.mark.parametrize("label", ["a", "_x", f"{'a' * 63}", "A1"])
def test_a_label_is_called_as_prometheus_lets_it(tmp_path: Path, label: str) -> None:
    text = f"targets: [{{name: a, dsn: '{DSN}', labels: {{{label}: {'x' * 200}}}}}]"
    [target] = from_settings(load(written(tmp_path, text), {}, {}))
    assert target.labels == ((label, "x" * 200),)


def test_there_are_at_most_16_labels(tmp_path: Path) -> None:
    def text(number: int) -> str:
        return f"targets: [{{name: a, dsn: b, labels: {{{', '.join(f'a{n}: x' for n in range(number))}}}}}]"

    assert len(load(written(tmp_path, text(16)), {}, {}).targets[0].labels) == 16
    [fault] = faults(tmp_path, text(17))
    assert (places([fault]), fault.problem) == (
        [("exporter.yaml:1", "targets.0.labels")],
        "is longer than 16",
    )
