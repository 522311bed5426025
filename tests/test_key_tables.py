"""Rules for the tables of keys: the manual has each key once, as the settings have it."""

from __future__ import annotations

import io
import re
from argparse import ArgumentParser
from pathlib import Path

import pytest

from exporter import manual
from exporter.errors import ConfigError
from exporter.key_tables import page, reference
from exporter.schema import keys, schema

ROOT = Path(__file__).resolve().parents[1]
MANUAL = ROOT / "docs" / "configuration.md"


def printed(*arguments: str) -> str:
    parser = ArgumentParser()
    manual.add_arguments(parser)
    out = io.StringIO()
    assert manual.run(parser.parse_args(arguments), out) == 0
    return out.getvalue()


def test_the_tables_of_the_manual_are_current() -> None:
    """`make docs` writes them."""
    assert page(MANUAL.read_text()) == MANUAL.read_text()


def test_the_manual_has_every_key_in_one_table() -> None:
    shown = re.findall(r"<!-- keys: (.+?) -->\n(.*?)<!-- end -->", MANUAL.read_text(), re.DOTALL)
    rows: list[str] = []
    for names, table in shown:
        above = names.removesuffix(".*") if names.endswith("[].*") else ""
        if names != "variables":
            rows += [f"{above}.{row}".lstrip(".") for row in re.findall(r"^\| `(.+?)`", table, re.MULTILINE)]
    assert sorted(rows) == sorted(set(rows))
    for key in keys():
        ways = [".".join(key.path[:size]).replace(".[]", "[]") for size in range(1, len(key.path) + 1)]
        below = [row for row in rows if row.startswith((f"{key.dotted}.", f"{key.dotted}[]"))]
        assert {*ways} & {*rows} or below, f"docs/configuration.md: a table for {key.dotted}"


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("expire_after", "| `expire_after` | number, 1 to 100 | `3` |"),
        ("evidence.*", "| `evidence.longer_than` | duration | `1m` |"),
        ("targets[].*", '| `databases.include` | list of texts | `["*"]` |'),
        ("targets[].*", "| `name` | name | required |"),
        ("queries.<name>.*", "| `queries.<name>.budget` | share of time | none |"),
        ("oauth2.*", "| `oauth2.retention` | mapping to duration | none |"),
        ("backups[].*", "| `min_size` | whole number, at least 0 | `0` |"),
        ("variables", "| `sets` | `PG_OAUTH_EXPORTER_SETS` | `--sets` |"),
        ("variables", "| `oauth2.time` | `PG_OAUTH_EXPORTER_OAUTH2_TIME` | |"),
    ],
)
def test_a_row_says_type_bounds_and_default_as_the_file_has_them(name: str, row: str) -> None:
    assert row in page(f"a\n<!-- keys: {name} -->\nold\n<!-- end -->\nb\n")


def test_a_page_keeps_all_that_is_no_table() -> None:
    text = page("a\n<!-- keys: defaults -->\nold\n<!-- end -->\n\nb | c\n")
    assert text.startswith("a\n<!-- keys: defaults -->\n| key |")
    assert text.endswith("<!-- end -->\n\nb | c\n")
    assert "old" not in text


def test_a_table_of_a_key_that_there_is_not_is_a_mistake() -> None:
    with pytest.raises(LookupError):
        page("<!-- keys: nothing -->\n<!-- end -->\n")


def test_the_command_prints_the_schema_all_keys_and_a_page() -> None:
    assert "draft/2020-12" in printed("--schema")
    assert printed("--markdown") == reference()
    assert printed("--markdown", str(MANUAL)) == MANUAL.read_text()
    assert len(reference().splitlines()) > 40
    assert set(schema()["properties"]) <= {key.path[0] for key in keys()}


def test_a_page_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        printed("--markdown", str(tmp_path / "none.md"))
