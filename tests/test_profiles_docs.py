"""The page about profiles says of each what its file says, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.entities import FIELDS
from exporter.profile_files import load, shipped_directory
from profile_files import profile

PAGE = (Path(__file__).resolve().parents[1] / "docs/profiles.md").read_text()
PROFILES = load([shipped_directory()])


@pytest.mark.parametrize("name", PROFILES)
def test_each_profile_has_a_row_and_its_parameters_and_opt_ins_are_named(name: str) -> None:
    rows = "".join(line for line in PAGE.splitlines() if line.startswith(f"| `{name.removesuffix('-text')}"))
    assert f"| `{name}` |" in PAGE
    assert [parameter for parameter in PROFILES[name].parameters if f"`{parameter}`" not in rows] == []
    assert ("(refresh)" in rows) == any(source.opt_in for source in PROFILES[name].sources)


def test_the_example_is_a_profile_that_leaves_nothing_to_mend(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    assert [source.key for source in profile(tmp_path, example[1]).sources] == ["tokens.all", "clients.apps"]


def test_the_table_of_fields_is_that_of_the_model() -> None:
    for entity, fields in FIELDS.items():
        [row] = [line for line in PAGE.splitlines() if line.startswith(f"| {entity} | ")]
        told = re.sub(r"\([^)]*\)", "", row.split("|")[2]).split(",")
        assert [word.strip(" *") for word in told] == list(fields)
        assert [word.strip(" *") for word in told if "**" in word] == [
            name for name, field in fields.items() if field.required
        ]
