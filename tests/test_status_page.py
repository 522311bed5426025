"""How the status reads for people: which rows, in which order, in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.status import Counts, QueryStatus, Status, TargetStatus
from exporter.status_page import (
    TARGETS_A_PAGE,
    Question,
    ago,
    headline,
    kind_of,
    listing,
    percent,
    question,
    sections,
    share_of_time,
    took,
    trouble,
)

UP = TargetStatus("b", True, "", "postgresql", "17.4 (Debian)", False, "app", "monitor", (), state="up")
DOWN = replace(UP, name="d", up=False, state="down", problem="connection refused", version=None, standby=None)
FAILING = replace(UP, name="f", worst="locks: timeout: too slow", counts=Counts(ok=2, failing=3))
WAITING = replace(UP, name="a", up=False, state="waiting")
QUERIES = tuple(
    QueryStatus(name, "some", database, state, reason=reason)
    for name, database, state, reason in (
        ("first", None, "ok", ""),
        ("second", "app", "skipped", "extension: none"),
        ("third", None, "backing off", "timeout: slow"),
        ("fourth", None, "failing", "sql: bad"),
        ("fifth", None, "waiting", ""),
    )
)


def status(*targets: TargetStatus) -> Status:
    return Status("1", 0.0, 100.0, 0, (), targets, ())


def names(*targets: TargetStatus, **asked: str) -> list[str]:
    return [row.name for row in listing(status(*targets), Question(**asked)).rows]  # type: ignore[arg-type]  # of texts alone


def test_a_target_that_is_up_has_a_problem_where_a_query_fails_or_there_is_no_election() -> None:
    unelected = replace(UP, name="u", problem="the lock cannot be asked for")
    assert names(UP, unelected, state="problems") == ["u"]
    assert names(UP, unelected) == ["u", "b"]


def test_what_is_left_alone_comes_last_with_the_reason() -> None:
    paused = replace(WAITING, name="p", state="paused", problem="paused by file: upgrade")
    follower = replace(UP, name="e", state="follower")
    assert names(paused, follower, UP) == ["b", "e", "p"]
    assert names(paused, follower, UP, state="paused") == names(paused, UP, text="UPGRADE") == ["p"]
    assert trouble(paused) == "paused by file: upgrade"


def test_targets_are_found_by_their_labels() -> None:
    assert names(UP, replace(UP, name="l", labels={"env": "prod"}), text="env=prod") == ["l"]


def test_what_is_down_comes_first_then_what_fails_then_what_is_not_known_yet() -> None:
    assert names(UP, WAITING, FAILING, DOWN) == ["d", "f", "a", "b"]
    assert names(replace(UP, name="z"), UP) == ["b", "z"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", ["d", "f", "a", "b"]),
        ("problems", ["d", "f"]),
        ("up", ["f", "b"]),
        ("down", ["d"]),
        ("waiting", ["a"]),
        ("nonsense", []),
    ],
)
def test_targets_are_chosen_by_state(state: str, expected: list[str]) -> None:
    assert names(UP, WAITING, FAILING, DOWN, state=state) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("REFUSED", ["d"]),
        ("postgresql 17.4", ["f", "a", "b"]),
        ("timeout primary", ["f"]),
        ("timeout standby", []),
        ("  ", ["d", "f", "a", "b"]),
    ],
)
def test_a_search_finds_targets_that_have_all_its_words(text: str, expected: list[str]) -> None:
    assert names(UP, WAITING, FAILING, DOWN, text=text) == expected


def test_targets_are_shown_a_page_at_a_time_and_a_page_beyond_the_last_is_the_last() -> None:
    many = status(*(replace(UP, name=f"{number:04}") for number in range(TARGETS_A_PAGE + 1)))
    first, second, third = (listing(many, Question(page=page)) for page in (1, 2, 3))
    assert (len(first.rows), first.pages, first.found) == (TARGETS_A_PAGE, 2, TARGETS_A_PAGE + 1)
    assert [row.name for row in second.rows] == [f"{TARGETS_A_PAGE:04}"]
    assert third == second
    assert listing(status(), Question()).pages == 1
    exact = status(*many.targets[1:])
    assert listing(exact, Question()).pages == 1


@pytest.mark.parametrize(
    ("page", "expected"), [("2", 2), ("", 1), ("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("9" * 9, 1)]
)
def test_nonsense_for_a_page_is_the_first(page: str, expected: int) -> None:
    assert question({"page": page}) == Question(page=expected)


def test_queries_are_in_sections_by_state_the_failing_first_and_none_is_empty() -> None:
    target = replace(UP, queries=QUERIES)
    off = QueryStatus("sixth", "some", "", "skipped", "disabled")
    found = [(each.key, [row.query for row in each.rows]) for each in sections(target, [off], Question())]
    assert found == [
        ("failing", ["third", "fourth"]),
        ("waiting", ["fifth"]),
        ("ok", ["first"]),
        ("skipped", ["second"]),
        ("disabled", ["sixth"]),
    ]
    assert [each.key for each in sections(target, [], Question())] == ["failing", "waiting", "ok", "skipped"]


def test_queries_are_chosen_by_words_and_state() -> None:
    target = replace(UP, queries=QUERIES)
    by_words = sections(target, [], Question("APP extension"))
    assert [[row.query for row in each.rows] for each in by_words] == [["second"]]
    by_state = sections(target, [], Question(state="failing"))
    assert [[row.query for row in each.rows] for each in by_state] == [["third", "fourth"]]


def test_the_title_says_what_is_wrong_and_nothing_when_nothing_is() -> None:
    assert headline(status(UP, DOWN, FAILING)) == "1 down, 3 queries failing"
    assert headline(status(UP, WAITING)) == ""


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (UP, "PostgreSQL 17.4, primary"),
        (replace(UP, standby=True), "PostgreSQL 17.4, standby"),
        (DOWN, "PostgreSQL"),
        (replace(UP, engine="sqlite", version="3.40.1", standby=None), "SQLite 3.40.1"),
        (replace(UP, engine="pgbouncer", version="1.25", standby=None), "PgBouncer 1.25"),
    ],
)
def test_a_target_is_told_by_engine_version_and_role(target: TargetStatus, expected: str) -> None:
    assert kind_of(target) == expected


def test_trouble_is_why_a_target_is_down_else_the_worst_query_and_how_many_more() -> None:
    assert trouble(UP) == ""
    assert trouble(DOWN) == "connection refused"
    assert trouble(FAILING) == "locks: timeout: too slow (and 2 more)"
    assert trouble(replace(FAILING, counts=Counts(failing=1))) == "locks: timeout: too slow"


def test_the_share_of_time_of_a_query_is_what_its_newest_run_took_of_its_interval() -> None:
    row = QueryStatus("first", "some", None, "ok")
    assert share_of_time(row) is None
    assert share_of_time(replace(row, server_seconds=0.3, every=60.0)) == 0.005


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (took(None), ""),
        (took(0.0024), "2.4 ms"),
        (took(0.9999), "999.9 ms"),
        (took(1.26), "1.3 s"),
        (percent(None), ""),
        (percent(0.0), "0.00 %"),
        (percent(0.00009), "<0.01 %"),
        (percent(0.0001), "0.01 %"),
        (percent(0.1234), "12.34 %"),
        (ago(None, 100.0), ""),
        (ago(40.0, 100.0), "60 s ago"),
        (ago(99.0, 100.0), "1 s ago"),
        (ago(99.1, 100.0), "just now"),
        (ago(101.0, 100.0), "just now"),
    ],
)
def test_numbers_are_said_in_the_unit_that_suits_them(said: str, expected: str) -> None:
    assert said == expected
