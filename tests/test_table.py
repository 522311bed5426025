"""Rules about tables on a terminal."""

from __future__ import annotations

import pytest

from exporter import table


def test_numbers_stand_to_the_right_and_texts_to_the_left() -> None:
    lines = list(table.lines(["name", "n"], [("a", 1), ("bcdef", 100)]))
    assert lines == ["name     n", "-----  ---", "a        1", "bcdef  100"]


def test_an_answer_without_rows_still_shows_its_columns() -> None:
    assert list(table.lines(["a", "b"], [])) == ["a  b", "-  -"]


def test_an_answer_without_columns_is_no_error() -> None:
    assert list(table.lines([], [])) == ["", ""]


@pytest.mark.parametrize(
    ("text", "shown"), [("x" * 10, "x" * 10), ("x" * 11, "x" * 9 + "…")], ids=["fits", "one more"]
)
def test_a_cell_is_cut_only_when_it_is_wider_than_allowed(text: str, shown: str) -> None:
    assert list(table.lines(["a"], [(text,)], widest=10))[2] == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "NULL"),
        (True, "true"),
        (2**63, "9223372036854775808"),
        ("naïve", "naïve"),
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred", "\\x1b[31mred"),
    ],
)
def test_a_cell_is_one_line_that_no_terminal_obeys(value: object, shown: str) -> None:
    assert table.cell(value) == shown
