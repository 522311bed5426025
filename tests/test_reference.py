"""The page docs/metrics.md is what the catalogue says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from commands import command, load
from exporter import listing
from exporter.catalog import Catalog
from exporter.model import Column, MetricType, Needs, Role, Scope
from exporter.reference import markdown
from exporter.survey import Exit
from health import TOKENS_QUERY
from shipped import CATALOG

SHARE = Column("pg_used_ratio", "used", MetricType.GAUGE, "Share.")
PAGE = Path(__file__).resolve().parents[1] / "docs/metrics.md"


def test_the_page_is_current() -> None:
    made = "\n".join(markdown(CATALOG)) + "\n"
    assert PAGE.read_text() == made, "docs/metrics.md is not what the queries say: run `make docs`"


def test_the_command_prints_the_page_and_asks_no_server() -> None:
    loaded = load("postgresql://u@127.0.0.1:1/x")
    code, printed = command(listing, loaded, "--markdown")
    assert code == Exit.FINE
    assert printed == "\n".join(markdown(loaded.catalog)) + "\n"


def test_every_metric_stands_on_it_once_under_its_set() -> None:
    page = list(markdown(CATALOG))
    named = Counter(line.split("`")[1] for line in page if line.startswith("| `"))
    assert named == Counter(column.family for query in CATALOG.queries.values() for column in query.columns)
    sets = [line[3:].removesuffix(" (off)") for line in page if line.startswith("## ")]
    assert sets == sorted({query.set for query in CATALOG.queries.values()})
    off = {
        line[3:].removesuffix(" (off)") for line in page if line.startswith("## ") and line.endswith(" (off)")
    }
    assert off == CATALOG.optional_sets


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Every 1m, once."),
        ({"scope": Scope.DATABASE, "every": 3600.0}, "Every 1h, in each database."),
        ({"on": Role.STANDBY}, "once, on a standby only."),
        ({"rest": True, "limit": 11}, "Every 1m, once. 10 by name, the rest as `_other`."),
        ({"rest": True, "columns": (SHARE,), "limit": 11}, "Every 1m, once. 10 by name."),
        ({"needs": Needs(version=16)}, "Needs PostgreSQL 16."),
        ({"needs": Needs(version=13)}, "Every 1m, once."),
        ({"variants": ((14, "select 1"),)}, "Needs PostgreSQL 14."),
        ({"needs": Needs(version=14, extension="x")}, "Needs PostgreSQL 14; the extension `x`."),
        ({"needs": Needs(function="pg_catalog.f")}, "Needs the right to execute `pg_catalog.f`."),
        ({"over": ("tokens", "clients")}, "Needs a token store with tokens and clients."),
        ({"over": ("tokens", "clients"), "over_any": True}, "Needs a token store with tokens or clients."),
    ],
)
def test_a_query_says_when_and_where_it_runs_and_what_it_needs(changes: dict[str, object], said: str) -> None:
    query = replace(TOKENS_QUERY, needs=Needs(), scope=Scope.SERVER)
    query = replace(query, **changes)  # type: ignore[arg-type]  # named by the test
    [line] = [line for line in markdown(Catalog({"tokens": query})) if line.startswith(query.help)]
    assert line.endswith(said)
