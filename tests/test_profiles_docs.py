"""The page about profiles says of each what its file says, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.configuration import load as load_configuration
from exporter.entities import FIELDS, Entity
from exporter.model import Query
from exporter.overlay import bound
from exporter.profile_files import load, shipped_directory
from exporter.recognise import located
from profile_files import profile
from query_files import catalog

PAGE = (Path(__file__).resolve().parents[1] / "docs/profiles.md").read_text()
PROFILES = load([shipped_directory()])


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PROFILES)
def test_each_profile_has_a_row_and_its_parameters_and_opt_ins_are_named(name: str) -> None:
    rows = "".join(line for line in PAGE.splitlines() if line.startswith(f"| `{name.removesuffix('-text')}"))
    assert f"| `{name}` |" in PAGE
    assert [parameter for parameter in PROFILES[name].parameters if f"`{parameter}`" not in rows] == []
    assert ("(refresh)" in rows) == any(source.opt_in for source in PROFILES[name].sources)


def test_the_example_is_a_profile_that_leaves_nothing_to_mend(tmp_path: Path) -> None:
    [_, example] = blocks("yaml")
    assert [source.key for source in profile(tmp_path, example).sources] == ["tokens.all", "clients.apps"]


def test_the_example_of_a_configuration_fits_the_profile_that_it_names(tmp_path: Path) -> None:
    [example, _] = blocks("yaml")
    (tmp_path / "exporter.yaml").write_text(example)
    found = load_configuration(tmp_path / "exporter.yaml", {}, {"DATA_SOURCE_NAME": "postgresql://x/y"})
    store = found.stores["main"].placed("")
    assert {str(relation) for relation in store.relations()} == {
        *("auth.bearer_tokens", "apps.applications", "auth.oauth_access_grants")
    }
    assert [source.key for source in store.of(Entity.TOKENS)] == ["tokens.access", "tokens.refresh"]


def test_the_example_of_a_query_means_what_it_says_on_every_profile(tmp_path: Path) -> None:
    [example] = blocks("sql")
    query = catalog(tmp_path, {"app/app_tokens_used.sql": example}).queries["app_tokens_used"]
    shown = {
        name: re.search(r"unnest\(array\[(.*?)\]", made.variants[0][1])
        for name, each in PROFILES.items()
        if isinstance(made := bound(query, located(each, "public")), Query)
    }
    assert {name for name, found in shown.items() if found and found[1]} == {"hydra", "logto"}


def test_every_placeholder_of_the_table_is_one(tmp_path: Path) -> None:
    names = re.findall(r"^\| `(:\w+)`", PAGE, re.MULTILINE)
    assert len(names) == 10
    [example] = blocks("sql")
    header = example.split("\n\n")[0]
    found = catalog(tmp_path, {"app/app_tokens_used.sql": f"{header}\n\nselect {', '.join(names)}"})
    [made] = [bound(query, located(PROFILES["hydra"], "public")) for query in found.queries.values()]
    assert isinstance(made, Query)
    assert not re.search(r"(?<!:):[a-z]", made.variants[0][1])


def test_the_table_of_fields_is_that_of_the_model() -> None:
    for entity, fields in FIELDS.items():
        [row] = [line for line in PAGE.splitlines() if line.startswith(f"| {entity} | ")]
        told = re.sub(r"\([^)]*\)", "", row.split("|")[2]).split(",")
        assert [word.strip(" *") for word in told] == list(fields)
        assert [word.strip(" *") for word in told if "**" in word] == [
            name for name, field in fields.items() if field.required
        ]
