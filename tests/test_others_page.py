"""The page docs/others.md names no metric that is not there, and leaves none of the others' out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shipped import CATALOG

PAGE = (Path(__file__).resolve().parents[1] / "docs/others.md").read_text()
SECTIONS = {part.splitlines()[0]: part for part in PAGE.split("\n## ")[1:]}
FAMILIES = {column.family for query in CATALOG.queries.values() for column in query.columns}
# Of the exporter itself and of backups: no query has these.
_OWN = re.compile(r"pg_up|pg_exporter_\w+|process_\*|pg_backup_\w+")


def rows(section: str) -> Iterator[tuple[str, str]]:
    for line in SECTIONS[section].splitlines():
        if line.startswith("| `"):
            theirs, ours = line.strip("| ").split(" | ", 1)
            yield theirs.strip("`"), ours


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_has_as_many_rows_as_it_says_and_none_twice(section: str) -> None:
    names = [theirs for theirs, _ in rows(section)]
    said = re.search(r"^(\d+) (?:names|metrics)", SECTIONS[section], re.MULTILINE)
    assert said is not None
    assert (len(names), len(set(names))) == (int(said[1]), int(said[1]))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_metric_that_is_named_is_one_of_a_query_or_of_the_exporter(section: str) -> None:
    named = {name for _, ours in rows(section) for name in re.findall(r"`([a-z][a-z0-9_*]+)`", ours)}
    assert {name for name in named - FAMILIES if not _OWN.fullmatch(name)} == set()


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_names_a_metric_or_says_why_there_is_none(section: str) -> None:
    assert [theirs for theirs, ours in rows(section) if not re.match(r"`|no: \S|later: \S", ours)] == []
