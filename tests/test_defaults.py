"""Rules for `defaults`: what a target takes from them, and what is said about a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.defaults import completed
from exporter.loading import load
from exporter.target_settings import TargetDefaults, TargetSettings
from setting_files import faults, places, written

SAID = "targets:\n- {name: a, dsn: b}\n"


@pytest.mark.parametrize(
    ("own", "defaults", "expected"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": 2}, {"a": 1, "b": 3}, {"a": 2, "b": 3}),
        ({"a": None}, {"a": 1}, {"a": 1}),
        ({"a": 2}, {"a": None}, {"a": 2}),
        ({"a": False}, {"a": True}, {"a": False}),
        ({"x": {"a": 1}}, {"x": {"a": 2, "b": 3}}, {"x": {"a": 1, "b": 3}}),
        ({"x": {"a": None}}, {"x": {"a": 2}}, {"x": {"a": 2}}),
        ({"x": [1]}, {"x": [2, 3]}, {"x": [1]}),
        ({"x": 5}, {"x": {"a": 2}}, {"x": 5}),
        ({"oauth2": {"profile": "hydra"}}, {"oauth2": {"schema": "s"}}, {"oauth2": {"profile": "hydra"}}),
        ({"password_env": "A"}, {"password_file": "f", "a": 1}, {"password_env": "A", "a": 1}),
        ({"password_env": None}, {"password_file": "f"}, {"password_env": None, "password_file": "f"}),
    ],
)
def test_a_target_s_own_value_wins_key_by_key(
    own: dict[str, object], defaults: dict[str, object], expected: dict[str, object]
) -> None:
    assert completed(own, defaults)[0] == expected


def test_a_default_can_be_given_for_all_that_a_target_has_but_its_name_and_dsn() -> None:
    assert TargetSettings.model_fields.keys() - TargetDefaults.model_fields.keys() == {"name", "dsn"}


def test_defaults_reach_the_targets_of_the_file_and_the_one_of_the_environment(tmp_path: Path) -> None:
    text = "defaults: {max_connections: 7, databases: {exclude: [x]}}\n"
    more = (
        "targets:\n- {name: a, dsn: b, databases: {include: [y]}}\n- {name: c, dsn: d, max_connections: 2}\n"
    )
    a, c = load(written(tmp_path, text + more), {}, {}).targets
    assert (a.max_connections, a.databases.include, a.databases.exclude) == (7, ("y",), ("x",))
    assert (c.max_connections, c.databases.include, c.databases.exclude) == (2, ("*",), ("x",))
    [main] = load(written(tmp_path, text), {"DATA_SOURCE_NAME": "host=a"}, {}).targets
    assert main.max_connections == 7


def test_a_bad_default_is_told_once_and_where_it_stands(tmp_path: Path) -> None:
    more = "- {name: c, dsn: d}\ndefaults:\n  max_connections: 11\n  dsn: x\n"
    assert places(faults(tmp_path, SAID + more)) == [
        ("exporter.yaml:5", "defaults.max_connections"),
        ("exporter.yaml:6", "defaults.dsn"),
    ]


def test_what_is_wrong_with_a_default_only_for_a_target_points_at_the_default(tmp_path: Path) -> None:
    more = "- {name: c, dsn: d}\ndefaults:\n  password_file: none\n"
    [fault] = faults(tmp_path, SAID + more)
    assert places([fault]) == [("exporter.yaml:5", "defaults.password_file")]


def test_a_label_of_the_defaults_that_makes_too_many_points_at_the_target(tmp_path: Path) -> None:
    def labels(prefix: str) -> str:
        return "{" + ", ".join(f"{prefix}{n}: x" for n in range(9)) + "}"

    text = f"targets:\n- name: a\n  dsn: b\n  labels: {labels('a')}\ndefaults: {{labels: {labels('b')}}}\n"
    assert places(faults(tmp_path, text)) == [("exporter.yaml:4", "targets.0.labels")]


def test_a_password_file_of_the_defaults_is_relative_to_the_file_that_says_it(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "x.yaml").write_text("targets: [{name: x, dsn: y}]")
    text = SAID + "defaults: {password_file: secret}\ntargets_files: [more/x.yaml]\n"
    found = load(written(tmp_path, text), {}, {}).targets
    assert [target.password_file for target in found] == [str(tmp_path / "secret")] * 2


def test_targets_of_which_one_has_another_source_of_its_password_take_no_default_of_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").touch()
    text = f"{SAID}- {{name: c, dsn: d, password_env: HOME}}\ndefaults: {{password_file: secret}}\n"
    a, c = load(written(tmp_path, text), {"HOME": "x"}, {}).targets
    assert (a.password_env, c.password_env, c.password_file) == (None, "HOME", None)
