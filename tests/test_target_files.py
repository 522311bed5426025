"""Rules for files of further targets: which are read, in which order, and where a fault of one points."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter import configuration
from exporter.errors import ConfigError
from exporter.loading import load
from setting_files import faults, places, rejected, written


def more(folder: Path, files: Mapping[str, str]) -> None:
    """Write files of targets beside the configuration."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def one(name: str) -> str:
    return f"targets:\n- name: {name}\n  dsn: host=x\n"


def names(folder: Path, text: str) -> list[str]:
    return [target.name for target in load(written(folder, text), {}, {}).targets]


def test_files_are_read_behind_the_file_itself_in_the_order_of_their_paths(tmp_path: Path) -> None:
    more(tmp_path, {"d/b.yaml": one("b"), "d/a.yaml": one("a"), "c.yaml": one("c"), "d/sub/x.yaml": one("x")})
    assert names(tmp_path, one("z") + "targets_files: [d/*.yaml, c.yaml]") == ["z", "c", "a", "b"]
    assert names(tmp_path, "targets_files: ['d/**/*.yaml']") == ["a", "b", "x"]


def test_a_file_that_two_patterns_match_is_read_once_and_the_file_itself_never_again(tmp_path: Path) -> None:
    more(tmp_path, {"a.yaml": one("a")})
    assert names(tmp_path, one("z") + "targets_files: [a.yaml, '*.yaml', 'a*']") == ["z", "a"]


def test_hidden_files_folders_and_what_is_no_file_are_passed_over(tmp_path: Path) -> None:
    more(tmp_path, {"d/.a.yaml": one("a"), "d/..data/b.yaml": one("b"), "d/c.yaml/d.yaml": one("c")})
    assert names(tmp_path, one("z") + "targets_files: [d/*.yaml, 'd/**/b.yaml']") == ["z"]


def test_a_file_that_kubernetes_mounts_by_links_is_read_once(tmp_path: Path) -> None:
    more(tmp_path, {"d/..2026_01_01/a.yaml": one("a")})
    (tmp_path / "d" / "..data").symlink_to("..2026_01_01")
    (tmp_path / "d" / "a.yaml").symlink_to("..data/a.yaml")
    assert names(tmp_path, "targets_files: ['d/*.yaml', 'd/**/*.yaml']") == ["a"]


def test_a_pattern_that_matches_nothing_is_fine_and_needs_no_other_target(tmp_path: Path) -> None:
    assert names(tmp_path, "targets_files: [targets.d/*.yaml]") == []


def test_a_plain_path_that_is_missing_is_a_fault_where_it_is_listed(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    text = one("z") + "targets_files:\n- none.yaml\n- d\n"
    missing, folder = faults(tmp_path, text)
    assert places([missing, folder]) == [
        ("exporter.yaml:5", "targets_files.0"),
        ("exporter.yaml:6", "targets_files.1"),
    ]
    assert missing.problem == "there is no such file"
    assert (folder.problem, folder.remedy) == ("is a folder", "write a pattern, such as targets.d/*.yaml")


@pytest.mark.parametrize("text", ["targets_files: a.yaml", "targets_files: [5]", "targets_files: ['']"])
def test_files_are_a_list_of_texts(tmp_path: Path, text: str) -> None:
    [fault] = faults(tmp_path, one("z") + text)
    assert fault.where.endswith("exporter.yaml:4")


@pytest.mark.parametrize(
    ("text", "where", "key", "words"),
    [
        ("targets:\n- name: a\n  dns: b\n", "m.yaml:3", "targets.0.dns", "did you mean dsn?"),
        ("targets:\n- name: a\n", "m.yaml:2", "targets.0.dsn", "is missing"),
        ("targets:\n- {name: a b, dsn: x}\n", "m.yaml:2", "targets.0.name", "must be up to 63"),
        ("targets:\n- name: a\n  dsn: b\n  password: x\n", "m.yaml:4", "targets.0.password", "password_file"),
        (
            f"{one('a')}  password_file: no\n",
            "m.yaml:4",
            "targets.0.password_file",
            "no such",
        ),
        ("targets: []\nsets: [a]\n", "m.yaml:2", "sets", "unknown key (known: targets)"),
        ("targets: {a: b}\n", "m.yaml:1", "targets", "must be a list"),
        ("- name: a\n", "m.yaml:1", "", "must be a mapping"),
        ("targets: [\n", "m.yaml:2", "", "not valid YAML"),
        ("targets: [5]\n", "m.yaml:1", "targets.0", "must be a mapping"),
    ],
)
def test_a_fault_points_at_the_line_of_the_right_file(
    tmp_path: Path, text: str, where: str, key: str, words: str
) -> None:
    more(tmp_path, {"d/m.yaml": text})
    found = faults(tmp_path, one("z") + "targets_files: [d/*.yaml]")
    assert (where, key) in places(found)
    assert words in " ".join(map(str, found))


def test_a_bad_dsn_and_a_bad_default_are_told_once_and_where_they_stand(tmp_path: Path) -> None:
    more(tmp_path, {"d/a.yaml": one("a"), "d/b.yaml": "targets:\n- name: b\n  dsn: nothing\n"})
    path = written(tmp_path, "targets_files: [d/*.yaml]\ndefaults:\n  oauth2: {profile: nobody}\n")
    with pytest.raises(ConfigError) as caught:
        configuration.load(path, {}, {})
    assert sorted(places(list(caught.value.faults))) == [
        ("b.yaml:3", "targets.0.dsn"),
        ("exporter.yaml:3", "defaults.oauth2.profile"),
    ]


@pytest.mark.parametrize("text", ["", "targets:\n", "targets: []\n"])
def test_a_file_without_targets_is_fine(tmp_path: Path, text: str) -> None:
    more(tmp_path, {"m.yaml": text})
    assert names(tmp_path, one("z") + "targets_files: [m.yaml]") == ["z"]


def test_a_name_given_twice_is_a_fault_that_names_both_places(tmp_path: Path) -> None:
    more(tmp_path, {"d/a.yaml": one("same"), "d/b.yaml": one("other") + "- name: same\n  dsn: x\n"})
    [fault] = faults(tmp_path, "targets_files: [d/*.yaml]")
    assert (fault.where, fault.key) == (f"{tmp_path}/d/b.yaml:4", "targets.1.name")
    assert fault.problem == f"another target has this name: {tmp_path}/d/a.yaml:2"


def test_a_password_file_is_relative_to_the_file_that_says_it(tmp_path: Path) -> None:
    more(tmp_path, {"d/a.yaml": one("a") + "  password_file: secret\n", "d/secret": "x"})
    [target] = load(written(tmp_path, "targets_files: [d/a.yaml]"), {}, {}).targets
    assert target.password_file == f"{tmp_path}/d/secret"


def test_a_variable_names_files_as_seen_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more(tmp_path, {"here/a.yaml": one("a"), "here/b.yaml": one("b"), "file/a.yaml": one("wrong")})
    monkeypatch.chdir(tmp_path / "here")
    environ = {"PG_OAUTH_EXPORTER_TARGETS_FILES": f"a.yaml{os.pathsep}b*.yaml"}
    path = written(tmp_path / "file", "targets_files: [a.yaml]")
    assert [target.name for target in load(path, environ, {}).targets] == ["a", "b"]


def test_a_data_source_beside_files_of_targets_is_a_fault(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, "targets_files: [d/*.yaml]", {"DATA_SOURCE_NAME": "host=a"})
    assert fault.where == "DATA_SOURCE_NAME"
    assert f"{tmp_path}/exporter.yaml:1" in fault.problem


def test_a_folder_in_place_of_the_file_is_a_fault_that_names_targets_files(tmp_path: Path) -> None:
    [fault] = rejected(tmp_path)
    assert fault.where == str(tmp_path)
    assert "targets_files: [targets.d/*.yaml]" in fault.remedy


def test_500_targets_in_50_files_load_in_under_two_seconds(tmp_path: Path) -> None:
    entry = "- {{name: t{0}-{1}, dsn: 'postgresql://monitor@h{0}/d{1}', labels: {{env: prod, n: '{1}'}}}}"
    for number in range(50):
        entries = "\n".join(entry.format(number, index) for index in range(10))
        more(tmp_path, {f"d/{number}.yaml": f"targets:\n{entries}\n"})
    path = written(tmp_path, "defaults: {max_connections: 2}\ntargets_files: [d/*.yaml]")
    begun = time.process_time()
    found = configuration.load(path, {}, {})
    assert time.process_time() - begun < 2
    assert len(found.targets) == 500
    assert {target.max_connections for target in found.targets} == {2}
