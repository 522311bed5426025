"""Owns how tests write folders of queries and read what the loader says about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.catalog import Catalog, load
from exporter.errors import ConfigError, Fault

HEADER = """\
-- help: Locks held.
-- every: 15s
-- timeout: 2s
-- labels: [mode]
-- metrics:
--   pg_locks: {column: locks, type: gauge, help: "Locks."}
"""
SQL = "\nselect 'x' as mode, 1 as locks\n"
GOOD = HEADER + SQL


def changed(old: str, new: str) -> str:
    """Return a good file with one thing about it changed."""
    assert old in GOOD
    return GOOD.replace(old, new)


def family(name: str, kind: str = "gauge") -> str:
    """Return a good file that declares this family."""
    return GOOD.replace("pg_locks", name).replace("gauge", kind)


def write(directory: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder of queries and return it."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def catalog(directory: Path, files: Mapping[str, str]) -> Catalog:
    return load([write(directory, files)], {"blocking", "topn"})


def faults(directory: Path, files: Mapping[str, str]) -> list[Fault]:
    """Return the faults of these files, their places relative to `directory`."""
    with pytest.raises(ConfigError) as caught:
        catalog(directory, files)
    return [
        Fault(fault.where.removeprefix(f"{directory}/"), fault.key, fault.problem, fault.remedy)
        for fault in caught.value.faults
    ]


def fault(directory: Path, text: str) -> Fault:
    """Return the only fault of a query file."""
    [found] = faults(directory, {"locks/held.sql": text})
    return found
