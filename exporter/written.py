"""Owns how a value is written in a variable or as a path of a file, before anything is validated."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from exporter.document import parse
from exporter.errors import Fault
from exporter.schema import ENTRY, Key

_TRUE, _FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")


def read(text: str, key: Key, place: str, faults: list[Fault]) -> object:
    """Return what the variable or flag `place` says as the file would; what does not fit is left as it is."""
    kind = key.node.get("type")
    if key.structured:
        document = parse(text, place)
        faults.extend(replace(fault, where=place, key=key.dotted) for fault in document.faults)
        return document.value
    if kind == "array":
        return [part.strip() for part in text.split(os.pathsep if key.format else ",") if part.strip()]
    if kind == "boolean":
        word = text.strip().lower()
        return word in _TRUE if word in (*_TRUE, *_FALSE) else text
    if kind == "integer" and _WHOLE.fullmatch(text.strip()):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text.strip()):
        return float(text)
    return text


def anchored(value: object, path: tuple[str, ...], folder: Path) -> object:
    """Return `value` with the path, or list of paths, at `path` in it as seen from `folder`."""
    if not path:
        inside = [_inside(folder, name) for name in (value if isinstance(value, list) else [value])]
        return inside if isinstance(value, list) else inside[0]
    first, *rest = path
    if first == ENTRY:
        return [anchored(entry, tuple(rest), folder) for entry in value] if isinstance(value, list) else value
    if not isinstance(value, dict) or first not in value:
        return value
    return {**value, first: anchored(value[first], tuple(rest), folder)}


def _inside(folder: Path, name: object) -> object:
    return str(folder / name) if isinstance(name, str) and name.strip() else name
