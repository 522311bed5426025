"""Rules for where an SQL statement ends, as PostgreSQL's own lexer has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.statement import NO_SQL, Statement, statement

ONE = [
    "select 1",
    "select ';'",
    "select ';''; '",
    r"select '\'",  # a backslash is a character like any other
    r"select E'\';'",
    r"select e'\\', ';'",
    "select E'a''\\';'",
    "select E'a'\n'\\';'",  # a string goes on after a line break, escapes and all
    "select E'a' -- said\n  '\\';'",
    "select typename'a;b'",  # not an E'' string, though an e stands before the quote
    "select U&'\\0041;' uescape '!'",
    "select b';', x';', n';'",
    'select ";" as "a"";"',
    "select $$;$$",
    "select $a$;$$;$b$;$a$",
    "select $ä_1$;$ä_1$",
    "select foo$1 as a$$, $1",  # a name may hold dollars, and $1 is a parameter
    "select 1 -- ; no\n, 2",
    "select 1 /* ; /* ; */ ; */, 2",
    "select 1 /*/ ; */, 2",
    "select 1 /* '; */, ';' /* \" */",
    "select 1 ** 2 -/* ; */- 3",
    "/* ; */ -- ;\nselect 1",
    "select 1 --",
    "select '--', ';' --;",
    "select a[1:2], '{;}'::text[]",
]


@pytest.mark.parametrize("sql", ONE)
@pytest.mark.parametrize("tail", ["", ";", " ;\n", ";\n-- done; really\n", "; /* a; /* b; */ */ "])
def test_one_statement_is_taken_without_its_semicolon(sql: str, tail: str) -> None:
    if sql.endswith(("--", "--;")) and tail:
        tail = "\n" + tail
    assert statement(sql + tail) == Statement(sql)


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("select 1; select 2", 1),
        ("select 1;\nselect 2", 2),
        ("select 1;;", 1),
        ("select 1;\n-- a\n/* b\n*/ x", 4),
        ("select 'a\n';\n'b'", 3),
        (";select 1", 1),
        (r"select '\'; select '", 1),
        ("select $a$;$a$;\n$$", 2),
        ("select E'a' '\\';'", 1),  # without a line break it is a string of its own, and ends at \
        ("select a$$;$$", 1),  # a$$ is a name
        ("select 1; \u00a0", 1),  # a no-break space is a letter to PostgreSQL
    ],
)
def test_whatever_follows_a_semicolon_is_a_second_statement(sql: str, line: int) -> None:
    found = statement(sql)
    assert found.sql == ""
    assert ("second statement" in found.problem or "never closed" in found.problem, found.line) == (
        True,
        line,
    )


@pytest.mark.parametrize(
    "opened", ["'a", '"a', "E'a\\'", "e'", "$$a$", "$a$ $b$", "/* /* */", "/*/", "U&'\\"]
)
def test_what_is_opened_and_never_closed_is_a_fault_on_the_line_of_its_opening(opened: str) -> None:
    found = statement(f"select\n1, {opened}\n")
    assert ("never closed" in found.problem, found.line) == (True, 2)


@pytest.mark.parametrize("sql", ["", " \n\t", ";", "-- a", "/* a */\n-- b", " ; -- a"])
def test_blanks_comments_and_a_semicolon_are_no_sql(sql: str) -> None:
    assert statement(sql).problem == NO_SQL


@given(st.text(st.sampled_from("eE'\"$a1/*-;\n \\"), max_size=40))
def test_any_text_is_one_statement_or_a_problem(sql: str) -> None:
    found = statement(sql)
    assert bool(found.sql) is not bool(found.problem)
    assert 1 <= found.line <= sql.count("\n") + 1


@given(st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"])))
def test_no_text_between_quotes_ends_a_statement(text: str) -> None:
    assert statement(f"select '{text}' as a").problem == ""


def test_a_megabyte_of_quotes_is_read_in_no_time() -> None:
    sql = "select E'" + "\\'" * 300_000 + "'" + "\n--x--x\n''" * 30_000
    assert statement(sql).problem == ""
