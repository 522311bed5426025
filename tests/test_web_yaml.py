"""YAML as Go's yaml.v2 reads it: text until a key says otherwise, anchors, merges."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.web_config import load
from exporter.web_yaml import parse


def test_every_scalar_is_text_and_nothing_is_none() -> None:
    found = parse("a: 1\nb: yes\nc: 2026-01-31\nd: ~\ne: '~'\nf:\nyes: 010\n", "web.yml")
    assert found.value == {
        "a": "1",
        "b": "yes",
        "c": "2026-01-31",
        "d": None,
        "e": "~",
        "f": None,
        "yes": "010",
    }
    assert found.lines["c",] == 3


@pytest.mark.parametrize(
    ("word", "on"),
    [(word, True) for word in ("y", "Yes", "ON", "true", "True")]
    + [(word, False) for word in ("n", "no", "Off", "FALSE")],
)
def test_a_switch_may_be_any_of_yaml_1_1(tmp_path: Path, word: str, on: bool) -> None:
    (tmp_path / "web.yml").write_text(f"http_server_config: {{http2: {word}}}\n")
    assert load(tmp_path / "web.yml").http2 is on


def test_an_alias_is_what_it_refers_to_and_a_merge_gives_way_to_what_stands_there() -> None:
    text = "a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, k: 3}\nd: {<<: [{k: 4}, *x]}\n"
    found = parse(text, "web.yml")
    first = {"k": "1", "l": "2"}
    expected = {"a": first, "b": first, "c": {"k": "3", "l": "2"}, "d": {"k": "4", "l": "2"}}
    assert (found.value, found.faults) == (expected, ())


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [*x]\n",
        "a: &x {k: *x}\n",
        "a: &x {<<: *x}\n",
        "a0: &a0 [1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
    ],
)
def test_a_document_that_grows_without_end_is_refused(text: str) -> None:
    [fault] = parse(text, "web.yml").faults
    assert fault.problem == "is too large, or refers to itself"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\na: 2\n", 2, "a key is given twice, first on line 1"),
        ("a: 1\n[b]: 2\n", 2, "a key must be text"),
        ("a: !!python/name:os.system x\n", 1, "tags are not supported"),
        ("a: !x 1\n", 1, "tags are not supported"),
        ("a: {<<: 1}\n", 1, "only mappings can be merged"),
    ],
)
def test_what_yaml_v2_would_not_take_is_a_fault(text: str, line: int, problem: str) -> None:
    [fault] = parse(text, "web.yml").faults
    assert (fault.where, fault.problem) == (f"web.yml:{line}", problem)


@pytest.mark.parametrize("text", ["a: [", "a: *b\n", "a\tb: 'c", "\x07"])
def test_what_is_no_yaml_is_a_fault(text: str) -> None:
    [fault] = parse(text, "web.yml").faults
    assert fault.problem.startswith("not valid YAML")
