"""Owns the way from files to profiles: `<directory>/<name>.yaml`, or `<name>.sqlite.yaml` for that engine.

All faults of all files are collected before the first is raised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from exporter import packed, profile_source
from exporter.document import Document, in_order, parse, read_text, reason
from exporter.duration import parse_duration
from exporter.engines import Engine
from exporter.entities import FIELDS, RETENTION, Entity, TimeType, TypeClass
from exporter.errors import ConfigError, Fault
from exporter.override import secrets_read
from exporter.profile import Parameter, Profile, Relation, Source, Unobservable
from exporter.section import Section

_NAME = re.compile(rf"(?P<name>[a-z][a-z0-9-]*)(?:\.(?P<engine>{Engine.SQLITE}))?")
_KEYS = (
    "help",
    "time",
    "parameters",
    "retention",
    "secrets",
    "recognise",
    "unobservable",
    *(str(entity) for entity in Entity),
)
_LONGEST = 10 * 365 * 86400.0
_NOT_MAPPED = "the profile does not map it"


def shipped_directory() -> Path:
    """Return the folder of the profiles that come with the program: of the wheel, or of the source tree."""
    return packed.folder("profiles")


def load(directories: Sequence[Path], engine: Engine = Engine.POSTGRESQL) -> Mapping[str, Profile]:
    """Return the profiles for an engine by name; one of a later folder replaces one of the same name.

    Raises:
        ConfigError: with every fault of every file, in the order of files and lines.
    """
    faults: list[Fault] = []
    profiles: dict[str, Profile] = {}
    for directory in directories:
        for path in _files(directory, faults):
            if _engine(path) is engine and (profile := read(path, faults)):
                profiles[profile.name] = profile
    if faults:
        raise ConfigError(in_order(faults))
    return profiles


def _files(directory: Path, faults: list[Fault]) -> list[Path]:
    try:
        entries = sorted(entry for entry in directory.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        faults.append(Fault(str(directory), "", f"the folder cannot be read: {reason(error)}"))
        return []
    wrong = [path for path in entries if path.suffix == ".yaml" and not _NAME.fullmatch(path.stem)]
    shape = "lower-case letters, digits and -"
    faults.extend(Fault(str(path), "", "is no name for a profile", shape) for path in wrong)
    return [path for path in entries if path.suffix == ".yaml" and path not in wrong]


def _engine(path: Path) -> Engine:
    match = _NAME.fullmatch(path.stem)
    return Engine(match["engine"]) if match and match["engine"] else Engine.POSTGRESQL


def read(path: Path, faults: list[Fault]) -> Profile | None:
    """Return the profile in a file, or note its faults; with faults it is a best effort, good for nothing."""
    text = read_text(path, faults)
    if text is None:
        return None
    document = parse(text, str(path))
    faults.extend(document.faults)
    if document.value is None:
        if not document.faults:
            faults.append(document.fault((), "is empty"))
        return None
    head = Section(document, (), _KEYS, faults)
    head.require("help", "recognise", "tokens")
    time = head.choice("time", TimeType) or TimeType.TZ
    parameters = _parameters(document, head, faults)
    engine = _engine(path)
    sources = tuple(
        replace(source, engine=engine)
        for source in profile_source.read(document, head, time, parameters, faults)
    )
    profile = Profile(
        name=path.stem.partition(".")[0],
        help=head.text("help") or "",
        path=str(path),
        sources=sources,
        requirements=_requirements(document, head, faults),
        time=time,
        parameters=parameters,
        retention={**RETENTION, **_retention(document, head, faults)},
        secrets=_secrets(document, head, faults),
        unobservable=_unobservable(document, head, sources, faults),
        engine=engine,
    )
    for key, problem in secrets_read(profile):
        faults.append(document.fault(tuple(key.split(".")), problem))
    return profile


def _parameters(document: Document, head: Section, faults: list[Fault]) -> Mapping[str, Parameter]:
    found = {}
    for name in head.keys("parameters"):
        section = Section(document, ("parameters", name), ("default", "help"), faults)
        section.require("help")
        found[name] = Parameter(_seconds(section, "default"), section.text("help") or "")
        if not re.fullmatch(r"[a-z_]\w*", name) or name == "now":
            remedy = "now is the time of the question"
            faults.append(document.fault(("parameters", name), "is no name for a parameter", remedy))
    return found


def _retention(document: Document, head: Section, faults: list[Fault]) -> Mapping[Entity, float]:
    head.keys("retention")
    section = Section(document, ("retention",), tuple(map(str, RETENTION)), faults)
    given = {entity: _seconds(section, entity) for entity in RETENTION}
    return {entity: seconds for entity, seconds in given.items() if seconds is not None}


def _seconds(section: Section, key: str) -> float | None:
    """Return a duration of up to ten years, which is more than a schedule's."""
    text = section.text(key)
    if text is None:
        return None
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        section.fault(key, "must be a duration above 0 and up to 3650d, such as 1h or 30d")
        return None
    return seconds


def _secrets(document: Document, head: Section, faults: list[Fault]) -> Mapping[Relation, frozenset[str]]:
    tables = head.keys("secrets")
    section = Section(document, ("secrets",), tables, faults)
    return {Relation("", table): frozenset(section.names(table)) for table in tables}


def _requirements(
    document: Document, head: Section, faults: list[Fault]
) -> Mapping[Relation, Mapping[str, frozenset[TypeClass]]]:
    found = {}
    for table in head.keys("recognise"):
        columns = Section(document, ("recognise",), (), []).keys(table)
        section = Section(document, ("recognise", table), columns, faults)
        classes = {name: _class(document, section, table, name) for name in columns}
        found[Relation("", table)] = classes
        if not classes:
            faults.append(document.fault(("recognise", table), "names no column", "column: type"))
    return found


def _class(document: Document, section: Section, table: str, name: str) -> frozenset[TypeClass]:
    """Return the classes that a column may have: one word, or a list of them."""
    if isinstance(profile_source.at(document, ("recognise", table, name)), list):
        words = section.names(name)
        if unknown := [word for word in words if word not in set(TypeClass)]:
            section.fault(name, f"there is no type {unknown[0]}", f"known: {', '.join(TypeClass)}")
        return frozenset(TypeClass(word) for word in words if word in set(TypeClass))
    kind = section.choice(name, TypeClass)
    return frozenset({kind} if kind else ())


def _unobservable(
    document: Document, head: Section, sources: tuple[Source, ...], faults: list[Fault]
) -> tuple[Unobservable, ...]:
    """Return what the profile says it cannot show, and what it leaves unmapped without a word."""
    said = {}
    keys = {source.key for source in sources if source.opt_in}
    for what in head.keys("unobservable"):
        section = Section(document, ("unobservable", what), ("reason", "unless"), faults)
        section.require("reason")
        unless = section.text("unless") or ""
        if unless and unless not in keys:
            section.fault("unless", "is no opt-in source", "entity.source")
        said[what] = Unobservable(what, section.text("reason") or "", unless)
    unmapped = [what for what in _unmapped(sources) if what not in said]
    return (*said.values(), *(Unobservable(what, _NOT_MAPPED) for what in unmapped))


def _unmapped(sources: tuple[Source, ...]) -> list[str]:
    """Return the entities that no source has, and the fields that some source of an entity lacks."""
    found: list[str] = []
    for entity, fields in FIELDS.items():
        mine = [source for source in sources if source.entity is entity and not source.opt_in]
        if not mine:
            found.append(str(entity))
        found += [f"{entity}.{name}" for name in fields if any(name not in source.fields for source in mine)]
    return found
