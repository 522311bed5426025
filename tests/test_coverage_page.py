"""The page that maps the operators' guide to metrics names no metric that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.naming import family_objection
from shipped import QUERIES as SHIPPED
from store_queries import QUERIES

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/coverage.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:1] == "|"
]
NAMED = set(re.findall(r"\b(?:oauth2|pg)_[a-z0-9_]+", " ".join(row[2] for row in ROWS)))
# Names of PostgreSQL's own relations, functions and commands that rows speak of.
_SERVERS_OWN = {"pg_dump", "pg_stats", "pg_stat_statements", "pg_stat_user_indexes", "pg_terminate_backend"}


def test_every_row_has_one_of_four_answers() -> None:
    answers = {row[1] for row in ROWS if row != ["the guide", "", "metric"] and set(row[0]) != {"-"}}
    assert answers == {"yes", "in part", "later", "no"}


@pytest.mark.skipif(not QUERIES, reason="the queries are not there")
def test_every_metric_that_is_named_is_one_of_a_query() -> None:
    queries = {**SHIPPED, **QUERIES}.values()
    families = {column.family for query in queries for column in query.columns} | {"pg_up"}
    families |= {"pg_role_password_expiry_timestamp_seconds"}
    others = {name for name in NAMED if name.startswith("pg_backup_")} | _SERVERS_OWN
    assert families >= NAMED - others


def test_every_metric_of_the_token_store_is_named() -> None:
    families = {column.family for query in QUERIES.values() for column in query.columns}
    assert families <= NAMED | set(re.findall(r"oauth2_[a-z0-9_]+", PAGE))
    assert not [name for name in families if family_objection(name, None)]
