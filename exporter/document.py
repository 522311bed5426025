"""Owns how YAML is read: one mapping, the line of each key, and faults that never quote what stands there.

The dialect is the core schema of YAML 1.2, so `on`, `off`, `yes` and dates are text; aliases are refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

import yaml

from exporter.errors import Fault

# A key inside a document: names of mappings, indexes of lists.
KeyPath = tuple[str | int, ...]

# A key that can be printed: whatever else stands there may be a DSN that slipped into the wrong place.
_PRINTABLE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,99}")
# What a parser's message may quote: its own token names and punctuation, never the document.
_QUOTED = re.compile(r"'([^']*)'|\"[^\"]*\"")
_OWN_WORD = re.compile(r"<[a-z ]+>|[]\[,:?{}|>-]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML text says: plain values, where each of them stands, and what is wrong with its form."""

    source: str
    value: object = None
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def where(self, path: KeyPath = ()) -> str:
        """Return `source:line` of a key, or of its nearest ancestor that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.source}:{self.lines.get(path, 1)}"

    def fault(self, path: KeyPath, problem: str, remedy: str = "") -> Fault:
        """Return a fault that points at `path`."""
        return Fault(self.where(path), dotted(path), problem, remedy)


def dotted(path: Iterable[str | int]) -> str:
    """Return `path` as messages write it: `targets.0.dsn`.

    Nothing beneath a DSN or a password is shown, nor anything that does not look like a key.
    """
    parts: list[str] = []
    for part in map(str, path):
        parts.append(part if part.isdigit() or _PRINTABLE_KEY.fullmatch(part) else "?")
        if part == "dsn" or part.startswith("password"):
            break
    return ".".join(parts)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown word: the nearest known one, else all of them."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(words) or 'none'}"


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Return `faults` by file and line, as somebody mends them."""

    def place(fault: Fault) -> tuple[str, int]:
        source, _, line = fault.where.rpartition(":")
        return (source, int(line)) if line.isdigit() else (fault.where, 0)

    return sorted(faults, key=place)


def reason(error: OSError) -> str:
    """Return why a file or folder cannot be read, in the words of the operating system."""
    return os.strerror(error.errno).lower() if error.errno else "unknown error"


def read_text(path: Path, faults: list[Fault]) -> str | None:
    """Return the text of a file, its lines ended as on Unix; or note a fault and return None."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        faults.append(Fault(str(path), "", f"the file cannot be read: {reason(error)}"))
        return None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        faults.append(Fault(f"{path}:{line}", "", "is not UTF-8 text", "save it as UTF-8"))
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        faults.append(Fault(f"{path}:{line}", "", "holds a NUL character", "remove it"))
        return None
    return text


def read_mapping(path: Path, faults: list[Fault]) -> Document | None:
    """Return what a file says, an empty one as an empty mapping; None when it cannot be read as a mapping."""
    text = read_text(path, faults)
    if text is None:
        return None
    document = parse(text, str(path))
    faults.extend(document.faults)
    if document.value is None and not document.faults:
        return replace(document, value={}, lines={(): 1})
    if isinstance(document.value, dict):
        return document
    if not document.faults:
        faults.append(document.fault((), "must be a mapping", "targets: [...]"))
    return None


def parse(text: str, source: str) -> Document:
    """Return what `text` says; a fault of its syntax leaves the value None."""
    root, faults = compose(text, source, _Loader)
    if faults:
        return Document(source, faults=faults)
    reader = _Reader(source)
    value = None if root is None else reader.read(root, ())
    return Document(source, value, reader.lines, tuple(reader.faults))


def compose(
    text: str, source: str, loader: type[yaml.SafeLoader]
) -> tuple[yaml.Node | None, tuple[Fault, ...]]:
    """Return the root of the document, None when it is empty, and what is wrong with its syntax."""
    try:
        return yaml.compose(text, Loader=loader), ()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return None, (_broken(source, line, f"column {column}: {_harmless(error.problem or '')}"),)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, (_broken(source, line, "a character that YAML does not allow"),)
    except RecursionError:
        return None, (_broken(source, 1, "nested too deeply"),)


def _broken(source: str, line: int, problem: str) -> Fault:
    return Fault(f"{source}:{line}", "", f"not valid YAML: {problem}")


def _harmless(problem: str) -> str:
    """Return a parser's message without anything that it quotes from the document."""
    if r"'\t' that cannot start any token" in problem:
        return "indent with spaces, not tabs"
    if "cannot start any token" in problem or "undefined alias" in problem:
        return "a value cannot start with this character; put the value in quotes"

    def keep(quoted: re.Match[str]) -> str:
        return quoted[0] if quoted[1] and _OWN_WORD.fullmatch(quoted[1]) else "something else"

    return _QUOTED.sub(keep, problem)


class _Loader(yaml.SafeLoader):
    """Composes nodes only; its scalars follow YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - yaml's own API


def _resolve(tag: str, shape: str, first: Sequence[str]) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{shape})$"), first)


_resolve("bool", "true|True|TRUE|false|False|FALSE", list("tTfF"))
_resolve("null", "~|null|Null|NULL|", ["~", "n", "N", ""])
_resolve("int", "[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789"))
_resolve("float", r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]+", list("-+0123456789"))


_SCALARS: Mapping[str, Callable[[str], object]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}


class _Reader:
    """Turns nodes into plain values and notes the lines on the way."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[KeyPath, int] = {}
        self.faults: list[Fault] = []
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: KeyPath) -> object:
        # An alias is the very node it refers to; refusing it also stops documents that contain themselves.
        if id(node) in self._seen:
            line = self.lines.get(path) or self.lines[path[:-1]]
            problem = "aliases are not supported; write the value out"
            self.faults.append(Fault(f"{self.source}:{line}", dotted(path), problem))
            return None
        self._seen.add(id(node))
        self.lines.setdefault(path, node.start_mark.line + 1)
        match node:
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return self._mapping(node, path)
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode() if node.tag in _SCALARS:
                return self._scalar(node, path)
        self._fault(node, path, "tags are not supported")
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        result: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                self._fault(key, path, "a key must be text")
                continue
            inner = (*path, key.value)
            if key.value in result:
                self._fault(key, inner, f"given twice, first on line {self.lines[inner]}")
                continue
            self.lines[inner] = key.start_mark.line + 1
            result[key.value] = self.read(value, inner)
        return result

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> object:
        try:
            return _SCALARS[node.tag](str(node.value))
        except ValueError:
            self._fault(node, path, "the value does not fit its tag")
            return None

    def _fault(self, node: yaml.Node, path: KeyPath, problem: str) -> None:
        self.faults.append(Fault(f"{self.source}:{node.start_mark.line + 1}", dotted(path), problem))
