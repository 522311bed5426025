"""How evidence reads for people."""

from __future__ import annotations

import pytest

from exporter.evidence import Episode, Snapshot
from exporter.evidence_page import Line, lines, moment, spoken, standing


def _first(**row: object) -> Line:
    return lines(Snapshot(0.0, (row,)))[0]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, "less than 1 s"),
        (0.9, "less than 1 s"),
        (1, "1 s"),
        (119.9, "119 s"),
        (120, "2 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86399, "23 h 59 min"),
        (86400, "1 day"),
        (183600, "2 days 3 h"),
    ],
)
def test_a_time_is_said_in_two_units_at_most(seconds: float, expected: str) -> None:
    assert spoken(seconds) == expected


def test_an_episode_says_whether_it_goes_on_and_how_long_it_took() -> None:
    snapshot = Snapshot(1000.0, ())
    lasting = Episode("q", None, 1, snapshot, snapshot, snapshot)
    over = Episode("q", None, 1, snapshot, snapshot, snapshot, ended=1300.0)
    assert standing(lasting, 1240.0) == "Going on for 4 min"
    assert standing(over, 8500.0) == "Over for 2 h, lasted 5 min"


def test_a_snapshot_says_which_of_its_episode_it_is() -> None:
    first, worst, newest = (Snapshot(at, ()) for at in (1000.0, 1100.0, 1200.0))
    episode = Episode("q", None, 3, first, worst, newest)
    said = [moment(episode, snapshot, 1205.0) for snapshot in episode.snapshots]
    assert said == ["Newest, 5 s ago", "At its worst, 105 s ago", "At first, 3 min ago"]


def test_the_only_snapshot_is_the_newest() -> None:
    only = Snapshot(1000.0, ())
    assert moment(Episode("q", None, 1, only, only, only), only, 1001.0) == "Newest, 1 s ago"


def test_a_session_is_told_by_number_application_role_database_and_client() -> None:
    line = _first(pid=41, usename="app", application_name="web", datname="main", client="10.0.0.1")
    assert (line.title, line.who) == ("pid 41, web", ("role app", "database main", "from 10.0.0.1"))


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ({"sessions": 1, "usename": "app"}, "1 session"),
        ({"sessions": 12, "application_name": "web"}, "12 sessions, web"),
        ({"sessions": 12, "pid": 41}, "12 sessions, longest pid 41"),
        ({"sessions": 1, "pid": 41}, "pid 41"),
        ({"pid": 0, "prepared": "payment"}, "prepared transaction payment"),
        ({"holder": "logical slot", "name": "audit"}, "logical slot audit"),
        ({"holder": "table", "name": 'public."Odd name"'}, 'table public."Odd name"'),
        ({"holder": "session", "pid": 41}, "session pid 41"),
    ],
)
def test_what_is_no_single_session_is_told_as_what_it_is(row: dict[str, object], title: str) -> None:
    assert _first(**row).title == title


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ({"state": "idle in transaction", "state_seconds": 120.0}, ("idle in transaction for 2 min",)),
        ({"state": "idle", "state_seconds": 120.0, "sessions": 3}, ("idle, longest for 2 min",)),
        ({"state": "active", "state_seconds": None}, ("active",)),
        (
            {"state": "active", "state_seconds": 5, "lock": "tuple X", "relation": "t", "waiting_seconds": 5},
            ("waits for tuple X on t for 5 s",),
        ),
        ({"waits_for": [41, 42], "blocks": 1}, ("behind pid 41, 42", "1 waits directly behind it")),
        ({"waits_for": [], "blocks": 0}, ()),
        ({"waits_for": list(range(1, 11))}, ("behind pid 1, 2, 3, 4, 5, 6, 7, 8 and 2 more",)),
        ({"transaction_seconds": 7200.0}, ("transaction open for 2 h",)),
        ({"connected_seconds": 60, "sessions": 1}, ("connected for 60 s",)),
        ({"connected_seconds": 60, "sessions": 2}, ("oldest connected for 60 s",)),
        ({"last_vacuum_seconds": 7200.0}, ("last vacuumed 2 h ago",)),
        ({"is_autovacuum_off": False}, ()),
        ({"xmin_age": 1}, ("its view is 1 transaction old",)),
        ({"xmin_age": 1234567}, ("its view is 1,234,567 transactions old",)),
        ({"used_in_all": 90, "for_ordinary_roles": 97}, ("90 of 97 connections taken in all",)),
    ],
)
def test_columns_that_are_known_are_said_in_words(row: dict[str, object], facts: tuple[str, ...]) -> None:
    assert _first(**row).facts == facts


def test_other_columns_are_shown_by_name_in_the_unit_that_it_says() -> None:
    line = _first(lag_seconds=61.0, kept_bytes=3 << 20, used_ratio=0.256, rows=12345, factor=2.5, is_new=True)
    expected = ("lag 61 s", "kept 3 MiB", "used 26%", "rows 12,345", "factor 2.5", "is new True")
    assert line.facts == expected


def test_what_is_true_of_all_rows_is_said_with_the_first() -> None:
    row = {"sessions": 2, "used_in_all": 90, "for_ordinary_roles": 97}
    first, second = lines(Snapshot(0.0, (row, row)))
    assert (len(first.facts), len(second.facts)) == (1, 0)


def test_the_root_is_who_is_one_in_a_tree_and_the_first_elsewhere() -> None:
    tree = lines(Snapshot(0.0, ({"depth": 0}, {"depth": 1}, {"depth": 0}, {"depth": None}, {"depth": 9})))
    assert [(line.is_root, line.depth) for line in tree] == [
        (True, 0),
        (False, 1),
        (True, 0),
        (False, 0),
        (False, 5),
    ]
    assert [line.is_root for line in lines(Snapshot(0.0, ({"pid": 1}, {"pid": 2})))] == [True, False]


def test_the_text_of_an_idle_session_is_said_to_be_its_last() -> None:
    assert _first(state="idle in transaction", query="select 1").is_past
    assert not _first(state="active", query="select 1").is_past
