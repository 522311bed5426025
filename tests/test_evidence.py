"""What is kept of the rows behind a number, and for how long."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exporter.evidence import Evidence
from exporter.model import JobKey, Query, Rows

TREE = Query("tree", "locks", "Trees.", 15.0, 1.0, (), (), (), "tree.sql", evidence="blocking", limit=3)
MAIN = JobKey("tree", "main")


def _rows(size: int) -> Rows:
    return Rows(("pid",), [(number,) for number in range(size)])


def _kept(*sizes: int, keep: int = 5) -> Evidence:
    """Return what is kept after runs 15 s apart that had so many rows."""
    evidence = Evidence(keep)
    for number, size in enumerate(sizes):
        evidence.note(MAIN, TREE, _rows(size), number * 15.0)
    return evidence


def test_runs_without_rows_leave_nothing() -> None:
    assert _kept(0, 0).of("main", "blocking") == ()


def test_runs_in_a_row_are_one_episode_with_its_first_largest_and_newest_snapshot() -> None:
    [episode] = _kept(1, 2, 3, 2, 1).of("main", "blocking")
    assert (episode.runs, episode.ended) == (5, None)
    assert [(one.at, one.size) for one in episode.snapshots] == [(60.0, 1), (30.0, 3), (0.0, 1)]


def test_a_run_without_rows_ends_an_episode_and_the_next_begins_another() -> None:
    newest, oldest = _kept(1, 0, 0, 2).of("main", "blocking")
    assert (oldest.runs, oldest.first.at, oldest.ended) == (1, 0.0, 15.0)
    assert (newest.first.at, newest.ended) == (45.0, None)


@pytest.mark.parametrize(("keep", "sizes"), [(2, [2, 3]), (3, [1, 2, 3])])
def test_the_newest_episodes_are_kept(keep: int, sizes: list[int]) -> None:
    found = _kept(1, 0, 2, 0, 3, 0, keep=keep).of("main", "blocking")
    assert [episode.first.size for episode in reversed(found)] == sizes


def test_keeping_less_from_now_on_drops_the_oldest() -> None:
    evidence = _kept(1, 0, 2, 0)
    evidence.configure(1)
    assert [episode.first.size for episode in evidence.of("main", "blocking")] == [2]


def test_keeping_none_is_keeping_none() -> None:
    assert _kept(1, 2, keep=0).of("main", "blocking") == ()


def test_rows_over_the_limit_of_the_query_are_counted_and_left_out() -> None:
    [episode] = _kept(5).of("main", "blocking")
    assert [row["pid"] for row in episode.newest.rows] == [0, 1, 2]
    assert (episode.newest.left_out, episode.newest.size) == (2, 5)


def test_databases_have_episodes_of_their_own() -> None:
    evidence = Evidence(5)
    for name in ("shop", "bank"):
        evidence.note(JobKey("tree", "main", name), TREE, _rows(1), 0.0)
    evidence.note(JobKey("tree", "main", "shop"), TREE, _rows(0), 15.0)
    found = {episode.database: episode.ended for episode in evidence.of("main", "blocking")}
    assert found == {"shop": 15.0, "bank": None}


def test_a_target_that_is_gone_takes_its_evidence_with_it_and_no_other() -> None:
    evidence = _kept(1)
    evidence.note(JobKey("tree", "replica"), TREE, _rows(1), 0.0)
    evidence.forget("main")
    assert evidence.of("main", "blocking") == ()
    assert len(evidence.of("replica", "blocking")) == 1


def test_every_value_of_a_server_can_be_written_as_json() -> None:
    values = (1, 0.5, True, None, "x", [1, "y"], Decimal("1.5"), datetime(2026, 1, 1, tzinfo=UTC), "z" * 9999)
    evidence = Evidence(1)
    columns = tuple(f"c{number}" for number in range(len(values)))
    evidence.note(MAIN, TREE, Rows(columns, [values]), 0.0)
    [episode] = evidence.of("main", "blocking")
    written = json.loads(json.dumps(asdict(episode.newest)))["rows"][0]
    assert list(written.values())[:7] == [1, 0.5, True, None, "x", [1, "y"], "1.5"]
    assert len(written["c8"]) == 2000
