"""Owns the way from files to queries: `<directory>/<set>/<name>[.<alternative>][.<major>].sql`.

An alternative `sqlite` is the SQL for that engine. All faults are collected before the first is raised.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from exporter import header, packed, query_yaml
from exporter.document import Document, in_order, parse, read_text, reason
from exporter.engines import Engine
from exporter.errors import ConfigError, Fault
from exporter.model import Query
from exporter.overlay import EXTENSION_SCHEMA, unknown_placeholders
from exporter.section import Section
from exporter.statement import NO_SQL, statement
from exporter.unshared import repeated

_FILE = re.compile(
    rf"(?P<name>[a-z][a-z0-9_]*)(?:\.(?P<alternative>{header.ALTERNATIVE}))?(?:\.(?P<major>[1-9][0-9]?))?\.sql"
)
_ENGINES = frozenset(Engine) - {Engine.POSTGRESQL}
_SET = re.compile(r"[a-z][a-z0-9_-]*")
# A line of a header at the top of a variant, as opposed to a comment about the variant.
_HEADER_LINE = re.compile(rf"--\s*(?:{'|'.join(header.KEYS)})\s*:")


class _Default(StrEnum):
    """Whether a set is on unless somebody says otherwise."""

    ON = "on"
    OFF = "off"


# The files of one query by alternative ("" is the query itself) and by major version (0 is all).
_Paths = dict[str, dict[int, Path]]


class _Names(StrEnum):
    """Whose the names of a set's families are: held to our rules, or as another exporter chose them."""

    OWN = "own"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All queries by name, the sets that are off unless asked for, and what was read without effect.

    `sets` says of a set what it is for, where somebody has written that.
    """

    queries: Mapping[str, Query]
    optional_sets: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _File:
    """A query file cut in two; `sql_line` is the line on which the part after the header begins."""

    header: str
    sql: str
    sql_line: int


@dataclass(slots=True)
class _Findings:
    """What has been read so far: queries with their headers, whether sets are on, and all faults."""

    queries: list[tuple[Query, Document]] = field(default_factory=list)
    defaults: dict[str, _Default] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=lambda: {query_yaml.SET})
    faults: list[Fault] = field(default_factory=list)


def shipped_directory() -> Path:
    """Return the folder of the queries that come with the program: of the wheel, or of the source tree."""
    return packed.folder("queries")


def load(directories: Sequence[Path], derivations: Collection[str], files: Sequence[Path] = ()) -> Catalog:
    """Return all queries of `directories`, and of `files` in the form of postgres_exporter's queries.yaml.

    `derivations` are the names that a header's `derive` may give.

    Raises:
        ConfigError: with every fault of every file, in the order of files and lines.
    """
    found = _Findings()
    for directory in directories:
        for folder in _folders(directory, found.faults):
            _read_set(folder, derivations, found)
    theirs = query_yaml.Reading()
    for file in files:
        query_yaml.read(file, theirs)
    found.queries.extend(theirs.queries)
    found.faults.extend(theirs.faults)
    found.faults.extend(repeated(found.queries, found.foreign))
    if found.faults:
        raise ConfigError(in_order(found.faults))
    optional = frozenset(name for name, default in found.defaults.items() if default is _Default.OFF)
    queries = {query.name: query for query, _ in found.queries}
    return Catalog(queries, optional, tuple(map(str, theirs.warnings)), found.helps)


def _folders(directory: Path, faults: list[Fault]) -> Iterator[Path]:
    for entry in _entries(directory, faults):
        if entry.is_dir():
            yield entry
        elif entry.suffix == ".sql":
            faults.append(Fault(str(entry), "", "is in no set", f"move it to {directory}/<set>/{entry.name}"))


def _entries(directory: Path, faults: list[Fault]) -> list[Path]:
    """Return what is in a folder; names that begin with a dot belong to editors and mounts."""
    try:
        return sorted(entry for entry in directory.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        faults.append(Fault(str(directory), "", f"the folder cannot be read: {reason(error)}"))
        return []


def _read_set(folder: Path, derivations: Collection[str], found: _Findings) -> None:
    files: dict[str, _Paths] = {}
    for path in _entries(folder, found.faults):
        if path.name == "set.yaml":
            _read_default(path, folder.name, found)
        elif path.suffix == ".yaml":
            found.faults.append(Fault(str(path), "", "is not read", "the one such file of a set is set.yaml"))
        elif path.suffix == ".sql":
            if match := _FILE.fullmatch(path.name):
                by_major = files.setdefault(match["name"], {}).setdefault(match["alternative"] or "", {})
                by_major[int(match["major"] or 0)] = path
            else:
                shape = "name.sql, name.17.sql, name.alternative.sql or name.sqlite.sql, in lower case"
                found.faults.append(Fault(str(path), "", "is no name for a query file", shape))
    if files and not _SET.fullmatch(folder.name):
        shape = "lower-case letters, digits, _ and -"
        found.faults.append(Fault(str(folder), "", "is no name for a set", shape))
    for name, paths in files.items():
        _read_query(name, paths, derivations, found)


def _read_default(path: Path, set_name: str, found: _Findings) -> None:
    text = read_text(path, found.faults)
    if text is None:
        return
    document = parse(text, str(path))
    found.faults.extend(document.faults)
    if document.value is None and document.faults:
        return
    section = Section(document, (), ("help", "default", "names"), found.faults)
    section.require("help")
    found.helps[set_name] = section.text("help") or ""
    if default := section.choice("default", _Default):
        found.defaults[set_name] = default
    if section.choice("names", _Names) is _Names.FOREIGN:
        found.foreign.add(set_name)


def _read_query(name: str, files: _Paths, derivations: Collection[str], found: _Findings) -> None:
    paths = files.get("", {})
    variants = {major: path for major, path in paths.items() if major}
    sqls = _variants(variants, found.faults)
    alternatives = {key: _variants(by, found.faults) for key, by in sorted(files.items()) if key}
    if 0 not in paths:
        for path in (path for by_major in files.values() for path in by_major.values()):
            remedy = f"add {name}.sql; with variants for all versions it may be a header alone"
            found.faults.append(Fault(str(path), "", f"has no {name}.sql beside it for the header", remedy))
        return
    text = read_text(paths[0], found.faults)
    if text is None:
        return
    source = str(paths[0])
    file = _cut(text, source, found.faults)
    if file.header:
        document = parse(file.header, source)
        found.faults.extend(document.faults)
        if document.value is not None or not document.faults:
            folder = paths[0].parent.name
            foreign = folder in found.foreign
            query, faults = header.read(document, name, folder, derivations, foreign=foreign)
            found.faults.extend(faults)
            # With the SQL of other engines alone, a query is for these.
            spoken = variants.keys() | (_ENGINES & alternatives.keys())
            base = _sql(file, source, found.faults, optional=bool(spoken))
            whole = replace(
                query,
                variants=((0, base), *sqls) if base else sqls,
                alternatives=tuple(
                    replace(each, variants=alternatives.get(each.name, ())) for each in query.alternatives
                ),
                dialects={each: alternatives[each][0][1] for each in _ENGINES & alternatives.keys()},
            )
            found.faults.extend(_alone(whole, files, document))
            found.faults.extend(_unknown(whole))
            found.queries.append((whole, document))
            return
    _sql(file, source, found.faults, optional=bool(variants))


def _unknown(query: Query) -> Iterator[Fault]:
    for name in unknown_placeholders(query):
        if name == EXTENSION_SCHEMA:
            yield Fault(query.path, "needs", f":{name} is of an extension", "add needs.extension")
        else:
            problem = f":{name} is no placeholder of {', '.join(query.over)}"
            yield Fault(query.path, "over", problem, "docs/profiles.md lists them")


def _variants(paths: Mapping[int, Path], faults: list[Fault]) -> tuple[tuple[int, str], ...]:
    return tuple((major, _variant(path, faults)) for major, path in sorted(paths.items()))


def _alone(query: Query, files: _Paths, document: Document) -> Iterator[Fault]:
    """Yield what is in the header without a file, and the other way round."""
    declared = [each.name for each in query.alternatives]
    for name in declared:
        if name not in files:
            where = ("alternatives", name)
            yield document.fault(where, "has no file", f"add {query.name}.{name}.sql, of SQL alone")
    for name in files.keys() - {"", *declared, *_ENGINES}:
        for path in files[name].values():
            problem = f"is an alternative that {query.name}.sql does not name"
            yield Fault(str(path), "", problem, "add it to its alternatives")


def _cut(text: str, source: str, faults: list[Fault]) -> _File:
    """Cut a file into its header as YAML and the rest.

    The dashes become spaces, so that YAML's lines and columns are those of the file.
    """
    lines = text.split("\n")
    size = next(
        (n for n, line in enumerate(lines) if line != "--" and not line.startswith("-- ")), len(lines)
    )
    if size == 0:
        remedy = "begin the file with -- help: ..., see queries/README.md"
        faults.append(Fault(f"{source}:1", "", "there is no header", remedy))
    elif size < len(lines) and lines[size].strip():
        remedy = "header lines begin with two dashes and a space"
        faults.append(Fault(f"{source}:{size + 1}", "", "the header must end with an empty line", remedy))
    head = "\n".join("  " + line[2:] for line in lines[:size])
    return _File(head, "\n".join(lines[size:]), size + 1)


def _variant(path: Path, faults: list[Fault]) -> str:
    text = read_text(path, faults)
    if text is None:
        return ""
    for number, line in enumerate(text.split("\n"), 1):
        if _HEADER_LINE.match(line):
            remedy = "a variant holds SQL only; the header stands in the file without a number"
            faults.append(Fault(f"{path}:{number}", "", "a variant with a header", remedy))
            break
        if line.strip() and not line.startswith("--"):
            break
    return _sql(_File("", text, 1), str(path), faults)


def _sql(file: _File, source: str, faults: list[Fault], *, optional: bool = False) -> str:
    found = statement(file.sql)
    if found.problem and not (optional and found.problem == NO_SQL):
        faults.append(Fault(f"{source}:{file.sql_line + found.line - 1}", "", found.problem))
    return found.sql
