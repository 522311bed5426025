"""Owns how the YAML of a web configuration file is read: as Go's yaml.v2 does, which the file was made for.

Every scalar is text until its key says what it should be. Anchors, aliases and merges are followed.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from exporter.document import Document, KeyPath, compose, dotted
from exporter.errors import Fault

_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_STANDARD = {
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
}
# A file has some dozens; aliases of aliases make millions out of a few lines.
_MOST_NODES = 10_000
_DEEPEST = 20


def parse(text: str, source: str) -> Document:
    """Return what `text` says: mappings, lists, text and None, the line of each key, faults of its form."""
    root, faults = compose(text, source, yaml.SafeLoader)
    if faults or root is None:
        return Document(source, faults=faults)
    reader = _Reader(source)
    try:
        value = reader.read(root, ())
    except (_TooLargeError, RecursionError):
        return Document(source, faults=(Fault(f"{source}:1", "", "is too large, or refers to itself"),))
    return Document(source, value, reader.lines, tuple(reader.faults))


class _TooLargeError(Exception):
    """Aliases lead to more than anybody writes."""


class _Reader:
    """Turns nodes into plain values and notes the lines on the way."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[KeyPath, int] = {}
        self.faults: list[Fault] = []
        self._nodes = 0

    def read(self, node: yaml.Node, path: KeyPath) -> object:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST:
            raise _TooLargeError
        self.lines.setdefault(path, node.start_mark.line + 1)
        if node.tag not in _STANDARD:
            self._fault(node, path, "tags are not supported")
        elif isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        elif node.tag != _NULL:
            return str(node.value)
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        result: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._fault(key, path, "a key must be text")
                continue
            inner = (*path, key.value)
            if key.value in result:
                self._fault(key, path, f"a key is given twice, first on line {self.lines[inner]}")
                continue
            self.lines[inner] = key.start_mark.line + 1
            result[key.value] = self.read(value, inner)
        for merged in self._merged(node, path):
            result = merged | result
        return result

    def _merged(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[dict[str, object]]:
        """Yield the mappings that this one takes in; what comes first wins."""
        for key, value in node.value:
            if key.tag != _MERGE:
                continue
            for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                taken = self.read(part, path)
                if isinstance(taken, dict):
                    yield taken
                else:
                    self._fault(key, path, "only mappings can be merged")

    def _fault(self, node: yaml.Node, path: KeyPath, problem: str) -> None:
        self.faults.append(Fault(f"{self.source}:{node.start_mark.line + 1}", dotted(path), problem))
