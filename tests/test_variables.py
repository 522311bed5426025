"""Rules for environment variables: each key that stands once in a file has one."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from exporter.flags import FLAGS
from exporter.schema import Key, keys
from exporter.settings import Settings
from exporter.sources import CONFIG_FILE, gather, variable, variables
from setting_files import SECRET, TARGET, rejected, settings, written

PREFIX = "PG_OAUTH_EXPORTER_"
ROOT = Path(__file__).resolve().parents[1]

# Of each kind of value one that a variable may say.
SAMPLES = (
    *("none-*.yaml", "a", "true", "5", "7s", ":1", "https://grafana.example", "UTC", "1/2"),
    *("{a: b}", "{a: 1h}", "{access: 1h}", "{tokens: 1h}", "{a: {b: c}}", "{a: {every: 1h}}"),
    *("[{name: a, dsn: host=a}]", "[{name: a, path: /b}]", "[{never: '* * * * *'}]"),
)


def sample(key: Key) -> str:
    """Return the first sample that a key takes."""
    name = variable(key.dotted)
    for text in (*map(str, key.node.get("enum", ())), *SAMPLES):
        found = gather(None, {name: text}, {}, needs_target=False)
        with contextlib.suppress(ValidationError):
            Settings.model_validate(found.values)
            if not found.faults:
                return text
    pytest.fail(f"none of SAMPLES is a value of {key.dotted}: add one")


@pytest.mark.parametrize("name", variables())
def test_a_variable_sets_its_key(name: str) -> None:
    key = variables()[name]
    found = gather(None, {name: sample(key)}, {}, needs_target=False)
    assert found.faults == []
    value: object = Settings.model_validate(found.values)
    for part in key.path:
        attribute = "schema_" if part == "schema" else part
        assert attribute in getattr(value, "model_fields_set", ())
        value = getattr(value, attribute)
    assert value not in (None, ())


@pytest.mark.parametrize("name", variables())
def test_a_fault_of_a_variable_names_it(tmp_path: Path, name: str) -> None:
    found = rejected(written(tmp_path, TARGET), {name: "\a"})
    assert {(fault.where, fault.key.removesuffix(".0")) for fault in found} == {
        (name, variables()[name].dotted)
    }


def test_every_key_that_stands_once_and_is_no_heading_has_a_variable_of_its_own() -> None:
    single = {key.dotted for key in variables().values()}
    assert len(single) == len(variables())
    for key in keys():
        once = not {"[]", "<name>"} & {*key.path}
        assert (key.dotted in single) == (once and "properties" not in key.node), key.dotted


def test_every_flag_sets_a_key_that_has_a_variable(tmp_path: Path) -> None:
    assert FLAGS.keys() <= {key.dotted for key in variables().values()}
    for key in variables().values():
        if key.dotted in FLAGS:
            text: object = [sample(key)] if key.node.get("type") == "array" else sample(key)
            by_flag = settings(tmp_path, flags={key.dotted: text})
            assert by_flag == settings(tmp_path, environ={variable(key.dotted): sample(key)})


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("sets", "+a, -b", ("+a", "-b")),
        ("queries_dirs", f"x{os.pathsep}y z", (Path("x"), Path("y z"))),
        ("oauth2.sources", "a, b ,", ("a", "b")),
        ("evidence.keep", " 7 ", 7),
        ("evidence.enabled", "No", False),
        ("web.enable_reload", "1", True),
        ("expire_after", "4.5", 4.5),
        ("shutdown_grace", "1m", 60.0),
        ("pools", "{web: 'oauth2-%', jobs: batch}", {"web": "oauth2-%", "jobs": "batch"}),
        ("oauth2.retention", "{tokens: 1m}", {"tokens": 60.0}),
    ],
)
def test_lists_numbers_truth_and_mappings_have_a_notation_in_variables(
    tmp_path: Path, key: str, text: str, expected: object
) -> None:
    value: object = settings(tmp_path, environ={variable(key): text})
    for part in key.split("."):
        value = getattr(value, part)
    assert value == expected


def test_a_variable_leaves_its_neighbours_in_the_file_as_they_are(tmp_path: Path) -> None:
    text = "defaults: {databases: {include: [a]}, max_connections: 2}\n"
    found = settings(tmp_path, text, {variable("defaults.databases.exclude"): "x,y"}).targets[0]
    assert (found.databases.include, found.databases.exclude) == (("a",), ("x", "y"))
    assert found.max_connections == 2


def test_variables_are_called_as_the_keys_are() -> None:
    assert variable("web.listen_address") == "PG_OAUTH_EXPORTER_WEB_LISTEN_ADDRESS"
    assert CONFIG_FILE not in variables()


def test_a_misspelt_variable_is_a_fault_and_a_strange_one_is_not(tmp_path: Path) -> None:
    [fault] = rejected(written(tmp_path, TARGET), {f"{PREFIX}LOG_LEVL": SECRET})
    assert str(fault) == f"{PREFIX}LOG_LEVL: is not known (did you mean {PREFIX}LOG_LEVEL?)"
    kubernetes = ["SERVICE_HOST", "SERVICE_PORT", "PORT", "PORT_9187_TCP", "PORT_9187_TCP_ADDR", "VERSION"]
    kubernetes += ["LEADER_ELECTION_PORT", "SHARD_SERVICE_PORT_HTTP"]
    assert settings(tmp_path, environ={PREFIX + name: "x" for name in kubernetes}) == settings(tmp_path)


PLACES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("deploy/**/*"),
    *ROOT.glob("exporter/help/*"),
]


@pytest.mark.parametrize(
    "path", [*PLACES, *ROOT.glob("*.md"), ROOT / "compose.yaml", ROOT / "Dockerfile"], ids=str
)
def test_every_variable_that_is_shown_or_shipped_is_one(path: Path) -> None:
    text = path.read_text() if path.suffix != ".png" and path.is_file() else ""
    shown = set(re.findall(rf"{PREFIX}[A-Z0-9_]*[A-Z0-9]\b", text))
    assert shown <= {CONFIG_FILE, *variables()}


def test_a_mapping_in_a_variable_has_faults_without_what_stands_there() -> None:
    bad = f"[{{name: a, dsn: 'postgresql://u:{SECRET}@h/d', dns: {SECRET}}}]"
    [fault] = rejected(None, {variable("targets"): bad})
    assert str(fault) == f"{PREFIX}TARGETS: targets.0.dns: unknown key (did you mean dsn?)"
    [fault] = rejected(None, {variable("targets"): f"[{{name: {SECRET}"})
    assert (fault.where, fault.key) == (f"{PREFIX}TARGETS", "targets")
