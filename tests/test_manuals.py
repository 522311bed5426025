"""Rules for the manuals of the configuration and of queries: examples load, and every key is in a table."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import yaml

from exporter import header
from exporter.configuration import load
from exporter.model import Needs
from exporter.settings import Settings
from query_files import catalog

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
QUERIES = (ROOT / "queries" / "README.md").read_text()


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def rows(page: str) -> set[str]:
    """Return the first cells of all tables, without their marks."""
    return set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))


def test_the_complete_file_fits_the_shipped_queries_and_leaves_no_key_out(tmp_path: Path) -> None:
    text = blocks(CONFIGURATION, "yaml")[0]
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "monitor").touch()
    (tmp_path / "vault-password").touch(0o755)
    (tmp_path / "queries.yaml").touch()
    for folder in ("queries", "profiles", "pauses"):
        (tmp_path / folder).mkdir()
    (tmp_path / "exporter.yaml").write_text(text)
    found = load(tmp_path / "exporter.yaml", {}, {"PATH": str(tmp_path)})
    main, replica = found.settings.targets
    assert (main.password_command, replica.password_command) == (None, ("vault-password",))
    assert set(yaml.safe_load(text)) == set(Settings.model_fields)
    assert found.queries["pg_locks"].limit == 2000
    assert "wait_events" in found.disabled
    assert [len(found.stores[name].profiles) > 1 for name in ("main", "replica")] == [True, False]


def test_the_example_of_many_targets_loads(tmp_path: Path) -> None:
    main, more = (text for text in blocks(CONFIGURATION, "yaml") if re.match(r"# \S+\.yaml\n", text))
    for folder in ("secrets", "targets.d"):
        (tmp_path / folder).mkdir()
    (tmp_path / "secrets" / "monitor").touch()
    (tmp_path / "exporter.yaml").write_text(main)
    (tmp_path / "targets.d" / "shop.yaml").write_text(more)
    found = load(tmp_path / "exporter.yaml", {}, {}).targets
    assert [(target.name, target.labels) for target in found] == [
        ("shop-1", (("env", "prod"), ("team", "shop"))),
        ("shop-2", (("env", "staging"), ("team", "shop"))),
    ]


def test_the_example_of_a_query_and_of_a_set_load(tmp_path: Path) -> None:
    [sql], [text] = blocks(QUERIES, "sql"), blocks(QUERIES, "yaml")
    found = catalog(tmp_path, {"app/app_locks.sql": sql, "app/set.yaml": text})
    assert found.queries["app_locks"].limit == 500


def test_the_manual_of_queries_has_a_row_for_every_key() -> None:
    made = {"searched"}  # by the placeholders, never written in a header
    assert {*header.KEYS, *(field.name for field in fields(Needs))} - made <= rows(QUERIES)
