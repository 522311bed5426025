"""Rules for the schema of the configuration: it and the loading agree, and the committed one is current."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from exporter.document import parse
from exporter.schema import DIALECT, ENTRY, NAME, Key, keys, known, schema
from exporter.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
VALIDATOR = Draft202012Validator(schema())
# Of each kind one that somebody may write by mistake; none is right for every key.
MISTAKES: list[object] = [5, -1, 0.5, "", " ", "5", "30 s", "a b/c", {"a b": 5}, [], ["a b", 5], True, [[]]]


def document(key: Key, value: object) -> tuple[dict[str, object], tuple[str | int, ...]]:
    """Return a file that has nothing but `value` at a key, and the path of that."""
    path = tuple(0 if part == ENTRY else "a" if part == NAME else part for part in key.path)
    for part in reversed(path[1:]):
        value = [value] if part == 0 else {part: value}
    return {key.path[0]: value}, path


def refused(key: Key, value: object) -> tuple[bool, bool]:
    """Return whether the schema and the loading refuse a value of a key."""
    text, path = document(key, value)
    by_schema = any(tuple(each.absolute_path)[: len(path)] == path for each in VALIDATOR.iter_errors(text))
    try:
        Settings.model_validate({name: each for name, each in text.items() if each is not None})
    except ValidationError as error:
        return by_schema, any(each["loc"][: len(path)] == path for each in error.errors())
    return by_schema, False


def test_it_is_a_schema_of_the_dialect_that_it_names() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == DIALECT


@pytest.mark.parametrize("key", keys(), ids=lambda key: key.dotted)
def test_what_the_schema_refuses_is_refused_when_loading_and_something_is(key: Key) -> None:
    verdicts = [(value, *refused(key, value)) for value in MISTAKES]
    assert [value for value, by_schema, by_loading in verdicts if by_schema and not by_loading] == []
    assert any(by_schema for _, by_schema, _ in verdicts)


@pytest.mark.parametrize("key", keys(), ids=lambda key: key.dotted)
def test_a_default_and_null_are_good_to_both(key: Key) -> None:
    if "default" in key.node:
        assert refused(key, key.node["default"]) == (False, False)
    if not key.required:
        assert refused(key, None) == (False, False)


@pytest.mark.parametrize("key", keys(), ids=lambda key: key.dotted)
def test_every_key_says_what_it_means(key: Key) -> None:
    assert len(key.node.get("description", "").split()) >= 2


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("5s", True),
        ("1m30s", True),
        ("500ms", True),
        ("0s", False),
        ("5", False),
        ("1s1m", False),
    ],
)
def test_a_duration_is_told_from_what_is_none(value: object, good: bool) -> None:
    [key] = [key for key in keys() if key.dotted == "evidence.longer_than"]
    assert refused(key, value) == (not good, not good)


@pytest.mark.parametrize("value", [["a", "-b"], ["+a", "b"], ["A"]])
def test_sets_are_all_plain_or_all_marked(value: list[str]) -> None:
    [key] = [key for key in keys() if key.dotted == "sets"]
    assert refused(key, value) == (True, True)
    assert refused(key, ["+a", "-b"]) == refused(key, ["a", "b"]) == (False, False)


@pytest.mark.parametrize("name", ["job", "target", "__a", "a-b"])
def test_a_label_that_is_not_free_is_refused_by_both(name: str) -> None:
    text = {"targets": [{"name": "a", "dsn": "b", "labels": {name: "x"}}]}
    assert list(VALIDATOR.iter_errors(text))
    with pytest.raises(ValidationError):
        Settings.model_validate(text)


def test_an_unknown_key_is_refused_at_every_level() -> None:
    for key in keys():
        if "properties" in key.node:
            text, _ = document(key, {"no_such_key": 1})
            assert any(each.validator == "additionalProperties" for each in VALIDATOR.iter_errors(text))


def examples() -> list[str]:
    """Return the configuration files that pages show: blocks whose keys are ours."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    yaml = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
    blocks = [text for page in pages for text in yaml.findall(page.read_text())]
    known_keys = set(Settings.model_fields)
    return [
        text
        for text in blocks
        if isinstance(value := parse(text, "x").value, dict) and set(value) <= known_keys
    ]


def test_pages_show_several_examples() -> None:
    assert len(examples()) >= 5


@pytest.mark.parametrize("text", examples())
def test_every_example_of_the_pages_is_valid_to_both(text: str) -> None:
    found = parse(text, "example")
    assert found.faults == ()
    assert [each.message for each in VALIDATOR.iter_errors(found.value)] == []
    Settings.model_validate(found.value)


def test_the_schema_that_is_committed_is_current() -> None:
    """`make docs` writes it."""
    assert json.loads((ROOT / "docs" / "exporter.schema.json").read_text()) == schema()


def test_a_mapping_knows_its_keys_and_one_with_names_of_the_user_none() -> None:
    assert set(known(())) == set(Settings.model_fields)
    assert "include" in known(("targets", 3, "databases"))
    assert "every" in known(("queries", "pg_locks"))
    assert known(("targets", 0, "labels")) == known(("nothing", 5)) == known(("sets", 0)) == ()
