"""Rules for reading YAML: every key knows its line, and no fault quotes what the document says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.document import dotted, in_order, parse, read_text, suggestion
from exporter.errors import Fault

SECRET = "hunter2"

NESTED = """\
targets:
  - name: main

    dsn: x
web: {listen_address: ":1",
      enable_reload: true}
"""


def test_every_key_and_every_item_knows_its_line() -> None:
    lines = parse(NESTED, "f").lines
    assert lines["targets",] == 1
    assert lines["targets", 0] == 2
    assert lines["targets", 0, "dsn"] == 4
    assert lines["web", "listen_address"] == 5
    assert lines["web", "enable_reload"] == 6


def test_a_key_that_is_not_there_is_where_its_nearest_ancestor_is() -> None:
    document = parse(NESTED, "f")
    assert document.where(("targets", 0, "password_file")) == "f:2"
    assert document.where(("log", "level")) == "f:1"


@pytest.mark.parametrize(
    "text", ["on", "off", "yes", "no", "y", "2024-01-31", "1:30", "0123", "0x1f", "1_000", "1e3"]
)
def test_what_older_yaml_takes_for_something_else_is_text(text: str) -> None:
    assert parse(f"a: {text}", "f").value == {"a": text}


def test_the_core_schema_knows_numbers_truth_and_null() -> None:
    text = "a: 15\nb: -1.5\nc: true\nd: False\ne: null\nf: ~\ng:\nh: '15'\ni: 0"
    expected = {"a": 15, "b": -1.5, "c": True, "d": False, "e": None, "f": None, "g": None, "h": "15", "i": 0}
    assert parse(text, "f").value == expected


def test_a_key_can_be_called_on() -> None:
    assert parse("on: any", "f").value == {"on": "any"}


def test_a_key_given_twice_is_a_fault_on_the_line_of_the_second() -> None:
    document = parse("a:\n  b: 1\n  c: 2\n  b: 3\n", "f")
    assert [str(fault) for fault in document.faults] == ["f:4: a.b: given twice, first on line 2"]
    assert document.value == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1\nb: [{SECRET}", 2),
        (f"a: 1\nb: '{SECRET}", 2),
        (f"a: 1\nb: {SECRET}: x", 2),
        (f"a: 1\n\tb: {SECRET}", 2),
        (f"a: 1\nb: *{SECRET}", 2),
        (f"a: 1\nb: !{SECRET} x", 2),
        (f"a: 1\nb: !e!{SECRET} x", 2),
        (f"a: 1\nb: !!int {SECRET}", 2),
        (f"a: 1\nb: &{SECRET} x\nc: &{SECRET} y", 3),
        (f"a: 1\nb: &x {SECRET}\nc: *x", 3),
        (f"a: 1\nb: 'x' {SECRET}", 2),
        (f"a: 1\nb: |{SECRET}\n  x", 2),
        (f"a: 1\nb: @{SECRET}", 2),
        (f"a: 1\nb: %{SECRET}", 2),
        (f'a: 1\nb: "{SECRET}\\q"', 2),
        (f"a: 1\n---\nb: {SECRET}", 2),
        (f"a: 1\n[{SECRET}]: x", 2),
        (f"a: 1\n? {{{SECRET}: 1}}\n: x", 2),
        (f"a: 1\nb: {SECRET}\x07", 2),
        (f"a: 1\n- {SECRET}", 2),
        ("a: 1\n7: b", 2),
    ],
)
def test_bad_yaml_is_a_fault_with_its_line_and_nothing_of_its_content(text: str, line: int) -> None:
    faults = parse(text, "f.yaml").faults
    assert [fault.where.rpartition(":")[::2] for fault in faults][:1] == [("f.yaml", str(line))]
    assert not [fault for fault in faults if SECRET in str(fault)]


@given(st.text(st.sampled_from("ab12 \n:-[]{},'\"*&!%@#|>?\t\\~<="), max_size=30))
def test_any_text_is_a_document_or_has_faults_on_its_own_lines(text: str) -> None:
    for fault in parse(text, "f").faults:
        assert 1 <= int(fault.where.removeprefix("f:")) <= text.count("\n") + 1


def test_a_document_that_contains_itself_is_refused() -> None:
    assert [fault.key for fault in parse("a: &x [1, *x]", "f").faults] == ["a.1"]


def test_a_document_nested_a_thousand_deep_is_refused() -> None:
    assert "nested too deeply" in str(parse("[" * 5000, "f").faults[0])


def test_tabs_are_called_by_their_name() -> None:
    assert "indent with spaces, not tabs" in str(parse("a:\n\tb: 1", "f").faults[0])


@pytest.mark.parametrize("path", [("targets", 0, "dsn", SECRET), ("targets", 0, "password_x", SECRET)])
def test_a_path_ends_at_a_dsn_or_password(path: tuple[str | int, ...]) -> None:
    assert dotted(path) == dotted(path[:3])


def test_what_does_not_look_like_a_key_is_not_printed() -> None:
    assert dotted(("targets", 0, f"postgresql://u:{SECRET}@h/db")) == "targets.0.?"


def test_a_typing_error_gets_the_nearest_word_and_nonsense_all_of_them() -> None:
    assert suggestion("timout", ["every", "timeout"]) == "did you mean timeout?"
    assert suggestion("zzz", ["every", "timeout"]) == "known: every, timeout"
    assert suggestion("zzz", []) == "known: none"


def test_faults_are_ordered_by_file_and_line_as_a_number() -> None:
    wheres = ["b:1", "a:10", "a:9", "--sets"]
    assert [fault.where for fault in in_order(Fault(where, "", "") for where in wheres)] == [
        "--sets",
        "a:9",
        "a:10",
        "b:1",
    ]


def test_a_file_reads_the_same_with_a_byte_order_mark_and_other_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_text(path, []) == "a: 1\nb: 2\n"


@pytest.mark.parametrize(
    ("content", "problem"), [(b"a\n\xff", "is not UTF-8 text"), (b"a\n\0", "holds a NUL character")]
)
def test_a_file_that_is_no_text_is_a_fault_with_its_line(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "f"
    path.write_bytes(content)
    faults: list[Fault] = []
    assert read_text(path, faults) is None
    assert [(fault.where, fault.problem) for fault in faults] == [(f"{path}:2", problem)]


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    faults: list[Fault] = []
    assert read_text(tmp_path / "f", faults) is None
    assert faults[0].problem == "the file cannot be read: no such file or directory"
