"""Owns the list of all dashboards: each is a module `pg_oauth_<name>` that has a constant DASHBOARD."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from dashboards.frame import build, written
from dashboards.model import Dashboard

FOLDER = Path(__file__).resolve().parent


@cache
def dashboards() -> tuple[Dashboard, ...]:
    """Return all dashboards, in the order of their names."""
    names = sorted(path.stem for path in FOLDER.glob("pg_oauth_*.py"))
    return tuple(import_module(f"dashboards.{name}").DASHBOARD for name in names)


def files() -> Mapping[str, str]:
    """Return the text of every file by its name."""
    return {f"{each.uid}.json": written(build(each)) for each in dashboards()}
