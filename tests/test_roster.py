"""Which targets have a lock: those of PostgreSQL, where an election is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.leadership import lock_of
from exporter.loading import load
from exporter.roster import from_settings

TARGETS = """
targets:
- {name: main, dsn: host=a}
- {name: file, dsn: sqlite:////nothing}
- {name: pool, dsn: pgbouncer://a}
"""


@pytest.mark.parametrize(
    ("election", "lock"),
    [
        ("", None),
        ("leader_election: {group: blue}", None),
        ("leader_election: {enabled: true}", lock_of("", "main")),
        ("leader_election: {enabled: true, group: blue}", lock_of("blue", "main")),
    ],
)
def test_replicas_elect_on_postgresql_where_they_are_told_to(
    tmp_path: Path, election: str, lock: int | None
) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text(TARGETS + election)
    found = from_settings(load(file, {}, {}))
    assert {target.name: target.lock for target in found} == {"main": lock, "file": None, "pool": None}
