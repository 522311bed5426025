"""Owns the keys of the configuration as tables in Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from exporter.flags import CONFIG_FILE as FILE_FLAG
from exporter.flags import FLAGS
from exporter.schema import ENTRY, NAME, Key, Node, keys
from exporter.sources import CONFIG_FILE, variable

_BELOW = ".*"
_REGION = re.compile(r"(<!-- keys: (?P<names>.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_VARIABLES = "variables"
_HEAD = ("key", "type", "default", "meaning")


def page(text: str) -> str:
    """Return a page with its tables made anew: each stands between `<!-- keys: ... -->` and `<!-- end -->`.

    Named are keys; `web.*` is all below `web`, and `variables` is the table of variables and flags.

    Raises:
        LookupError: a key is named that there is not.
    """

    def region(found: re.Match[str]) -> str:
        names = found["names"].split()
        made = _variables() if names == [_VARIABLES] else _table(_HEAD, _rows(names))
        return f"{found[1]}{made}{found[3]}"

    return _REGION.sub(region, text)


def reference() -> str:
    """Return all keys, and behind them all variables and flags."""
    return f"{_table(_HEAD, (_row(key, key.dotted) for key in _leaves(())))}\n{_variables()}"


def _rows(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    by_name = {key.dotted: key for key in keys()}
    for name in names:
        if not name.endswith(_BELOW):
            yield _row(by_name[name], name)
            continue
        above = name.removesuffix(_BELOW)
        # The entries of a list have a section to themselves, where their keys need no more than their names.
        short = f"{above}." if above.endswith(ENTRY) else ""
        heading = by_name[above.removesuffix(ENTRY).removesuffix(f".{NAME}")]
        yield from (_row(key, key.dotted.removeprefix(short)) for key in _leaves(heading.path))


def _leaves(below: tuple[str, ...]) -> Iterator[Key]:
    """Yield the keys below a path that are no mere headings; what the top level says is not repeated."""
    said = {key.path[0] for key in keys() if len(key.path) == 1 and "properties" in key.node}
    for key in keys():
        inner = key.path[len(below) :]
        if key.path[: len(below)] != below or not inner:
            continue
        repeated = [place for place, part in enumerate(key.path) if place and part in said]
        if repeated and repeated[0] < len(key.path) - 1:
            continue
        heading = "properties" in key.node or any(_has_entries(key.node, part) for part in _INNER)
        if not heading or repeated:
            yield key


_INNER = ("items", "additionalProperties")


def _has_entries(node: Node, part: str) -> bool:
    inner = node.get(part)
    return isinstance(inner, dict) and "properties" in inner


def _row(key: Key, name: str) -> tuple[str, ...]:
    return (f"`{name}`", _kind(key.node), _default(key), key.node.get("description", ""))


def _kind(node: Node) -> str:
    """Return what a value is, in words."""
    if "enum" in node:
        words = [f"`{word}`" for word in node["enum"]]
        return f"{', '.join(words[:-1])} or {words[-1]}"
    if "title" in node and node.get("type") != "object":
        return str(node["title"])
    choices = node.get("anyOf") or node.get("oneOf")
    if choices and "type" not in node:
        return " or ".join(map(_kind, choices))
    plain = {"boolean": "`true` or `false`", "integer": "whole number", "number": "number", "string": "text"}
    if node["type"] in plain:
        return plain[node["type"]] + _bounds(node)
    if node["type"] == "array":
        return "list" if "properties" in node["items"] else f"list of {_kind(node['items'])}s"
    return _mapping(node)


def _mapping(node: Node) -> str:
    inner = node.get("additionalProperties")
    if not isinstance(inner, dict) or "type" not in inner:
        return "mapping"
    most = f", at most {node['maxProperties']}" if "maxProperties" in node else ""
    return f"mapping to {_kind(inner)}{most}"


def _bounds(node: Node) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is None:
        return "" if high is None else f", at most {high}"
    return f", at least {low}" if high is None else f", {low} to {high}"


def _default(key: Key) -> str:
    default = key.node.get("default")
    if key.required:
        return "required"
    if default is None or default in ([], {}):
        return "none"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _variables() -> str:
    rows = [("the file", f"`{CONFIG_FILE}`", f"`{FILE_FLAG}`")]
    for key in keys():
        if key.single:
            flag = FLAGS.get(key.dotted)
            name = f"`{flag.name}`" if flag else ""
            rows.append((f"`{key.dotted}`", f"`{variable(key.dotted)}`", name))
    return _table(("key", "variable", "flag"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, *rows]
    marks = "|" + "---|" * len(head)
    text = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([text[0], marks, *text[1:]]).replace("|  |", "| |") + "\n"
