"""Owns the settings as a JSON schema: what each key may be, in the notation of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from exporter.document import KeyPath
from exporter.duration import format_duration
from exporter.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What stands in a path for an entry of a list, and for a name that the user chose.
ENTRY, NAME = "[]", "<name>"
_DEFS = "#/$defs/"
_NULL = {"type": "null"}

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file: its path, what it may be, and whether its mapping has to have it."""

    path: tuple[str, ...]
    node: Node
    required: bool

    @property
    def dotted(self) -> str:
        """The path as people write it: `targets[].name`, `queries.<name>.every`."""
        return ".".join(self.path).replace(f".{ENTRY}", ENTRY)

    @property
    def single(self) -> bool:
        """Whether there is one such key in a file, and it is no mere heading: then a variable can set it."""
        return "properties" not in self.node and ENTRY not in self.path and NAME not in self.path

    @property
    def structured(self) -> bool:
        """Whether it is a mapping of names or a list of mappings, which only YAML can say."""
        return self.node.get("type") == "object" or "properties" in self.node.get("items", {})

    @property
    def format(self) -> str:
        """`path` for a path or a list of them, `glob` for patterns of paths, else empty."""
        return str(self.node.get("items", self.node).get("format", ""))


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the library's signature
        """Leave titles to the types: they say what a value is called."""
        return False

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Return the schema of a mapping; unlike the library's, with the titles of its values."""
        values = schema.get("values_schema")
        inner = {"additionalProperties": self.generate_inner(values)} if values else {}
        return {**super().dict_schema(schema), **inner}


@cache
def _tidy() -> Node:
    """Return the schema without references, and without what is Python's rather than the file's."""
    raw = Settings.model_json_schema(schema_generator=_Generator)
    return _tidied(raw, raw.pop("$defs"))


def _tidied(node: Node, definitions: Mapping[str, Node]) -> Node:
    result = _resolved(node, definitions)
    if "patternProperties" in result:  # what pydantic makes of names that have a pattern
        [(pattern, inner)] = result.pop("patternProperties").items()
        result |= {"propertyNames": {"pattern": pattern}, "additionalProperties": inner}
    if result.get("default", ()) in (None, "") or "properties" in result:
        result.pop("default", None)
    elif result.get("type") == "string" and isinstance(result.get("default"), float):
        result["default"] = format_duration(result["default"])
    elif isinstance(result.get("default"), float) and result["default"].is_integer():
        result["default"] = int(result["default"])
    for key in ("items", "additionalProperties"):
        if isinstance(result.get(key), Mapping):
            result[key] = _tidied(result[key], definitions)
    if "properties" in result:
        inner = {name: _tidied(each, definitions) for name, each in result["properties"].items()}
        first = result.get("required", ())
        result["properties"] = {name: inner[name] for name in (*first, *inner)}
    return result


def _resolved(node: Node, definitions: Mapping[str, Node]) -> dict[str, Any]:
    """Return `node` with what it refers to, and without the null that Python has for what is not given."""
    result = dict(node)
    choices = [each for each in result.get("anyOf", ()) if each != _NULL]
    if len(choices) == 1 and "anyOf" in result:
        del result["anyOf"]
        result = {**choices[0], **result}
    if "$ref" in result:
        target = definitions[result.pop("$ref").removeprefix(_DEFS)]
        result = {**{key: value for key, value in target.items() if key != "title"}, **result}
    return result


@cache
def keys() -> tuple[Key, ...]:
    """Return every key there is, mappings before what is in them."""
    return tuple(_keys(_tidy(), ()))


def _keys(node: Node, path: tuple[str, ...]) -> Iterator[Key]:
    required = node.get("required", ())
    for name, inner in node.get("properties", {}).items():
        yield Key((*path, name), inner, name in required)
        yield from _keys(inner, (*path, name))
    for word, part in ((ENTRY, "items"), (NAME, "additionalProperties")):
        if isinstance(node.get(part), dict):
            yield from _keys(node[part], (*path, word))


def known(path: KeyPath) -> tuple[str, ...]:
    """Return the keys that the mapping at `path` can have; none where names are the user's."""
    node: Node | bool = _tidy()
    for part in path:
        if not isinstance(node, Mapping):
            return ()
        if isinstance(part, int):
            node = node.get("items", False)
        else:
            node = node.get("properties", {}).get(part, node.get("additionalProperties", False))
    return tuple(node.get("properties", ())) if isinstance(node, Mapping) else ()


def schema() -> dict[str, Any]:
    """Return the schema for editors: a key that is left empty counts as not given, so it may be null."""
    heading = {"$schema": DIALECT, "title": "The configuration of pg-oauth-exporter"}
    return {**heading, **_with_nulls(_tidy())}


def _with_nulls(node: Node) -> dict[str, Any]:
    result = dict(node)
    for key in ("items", "additionalProperties"):
        if isinstance(result.get(key), dict):
            result[key] = _with_nulls(result[key])
    if "properties" in result:
        required = result.get("required", ())
        result["properties"] = {
            name: _with_nulls(inner) if name in required else _or_null(_with_nulls(inner))
            for name, inner in result["properties"].items()
        }
    return result


def _or_null(node: dict[str, Any]) -> dict[str, Any]:
    if "enum" in node:
        node = {**node, "enum": [*node["enum"], None]}
    if "oneOf" in node:
        return {**node, "oneOf": [*node["oneOf"], _NULL]}
    return {**node, "type": [node["type"], "null"]}
