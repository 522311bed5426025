"""Owns gathering the user's settings as they stand: file, environment and flags into one mapping.

It remembers where each came from, so that a fault found later can say so; it validates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from exporter.datasource import PASSWORD_FILE, data_source
from exporter.document import Document, KeyPath, read_mapping
from exporter.errors import ConfigError, Fault
from exporter.flags import FLAGS
from exporter.origins import Origins
from exporter.schema import ENTRY, Key, keys
from exporter.target_files import files, targets_of
from exporter.written import anchored, read

PREFIX = "PG_OAUTH_EXPORTER_"
CONFIG_FILE = f"{PREFIX}CONFIG_FILE"
_FILES = "targets_files"
# What Kubernetes sets for a service whose name begins as ours does.
_OF_A_SERVICE = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)")
_NO_TARGET = (
    "set DATA_SOURCE_NAME=postgresql://user@host:5432/database, or list targets in a file and name it"
    f" by --config.file or {CONFIG_FILE}"
)


@dataclass(slots=True)
class Gathered:
    """Raw settings, nothing validated; `faults` are those of their form."""

    values: dict[str, object] = field(default_factory=dict, repr=False)
    origins: Origins = field(default_factory=Origins)
    faults: list[Fault] = field(default_factory=list)


def variable(key: str) -> str:
    """Return the environment variable that sets `key`."""
    return PREFIX + key.upper().replace(".", "_")


@cache
def variables() -> Mapping[str, Key]:
    """Return the keys that a variable can set, by its name: none in a list or under a name of the user's."""
    return {variable(key.dotted): key for key in keys() if key.single}


def gather(
    config_file: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
    *,
    needs_target: bool = True,
) -> Gathered:
    """Return what the user set; flags win over the environment, the environment over the file.

    No target at all is a fault unless told otherwise: some commands ask the catalogue alone.

    Raises:
        ConfigError: the file cannot be read or is not YAML; nothing else can be said then.
        LookupError: a flag that there is not, which is the caller's mistake.
    """
    if strange := flags.keys() - FLAGS.keys():
        raise LookupError(f"no such flags: {', '.join(sorted(strange))}")
    named = environ.get(CONFIG_FILE)
    path = config_file or (Path(named) if named else None)
    faults: list[Fault] = []
    document = _read(path, faults) if path else Document("configuration")
    values = dict(document.value) if isinstance(document.value, dict) else {}
    if path:
        values = {name: _seen_from(path.parent, (name,), value) for name, value in values.items()}
    places: dict[KeyPath, str] = {}
    faults.extend(_misspelt(environ))
    for name, key in variables().items():
        if text := environ.get(name):
            _put(values, places, key.path, read(text, key, name, faults), name)
        given = flags.get(key.dotted)
        if given is not None:
            flag = FLAGS[key.dotted].name
            value = read(given, key, flag, faults) if isinstance(given, str) else given
            _put(values, places, key.path, value, flag)
    origins = Origins(replace(document, value=None), places)
    folder = path.parent if path and (_FILES,) not in places else Path()
    origins = replace(origins, moved=_put_files(values, folder, origins, faults))
    _put_data_source(values, places, environ, origins, faults)
    if needs_target and not faults and not values.get("targets") and not values.get(_FILES):
        faults.append(origins.fault(("targets",), "there is no target to watch", _NO_TARGET))
    return Gathered(values, origins, faults)


def _read(path: Path, faults: list[Fault]) -> Document:
    if path.is_dir():
        problem = "is a folder, and the configuration is one file"
        remedy = "name that file; it may list others of the folder: targets_files: [targets.d/*.yaml]"
        raise ConfigError([Fault(str(path), "", problem, remedy)])
    document = read_mapping(path, faults)
    if document is None:
        raise ConfigError(faults)
    return document


def _put_files(
    values: dict[str, object], folder: Path, origins: Origins, faults: list[Fault]
) -> Mapping[KeyPath, tuple[Document, KeyPath]]:
    """Add the targets of further files behind those of the file; return where they stand."""
    patterns, targets = values.get(_FILES), values.get("targets")
    if not isinstance(patterns, list) or not isinstance(targets, list | None):
        return {}

    def fault(index: int, problem: str, remedy: str) -> Fault:
        return origins.fault((_FILES, index), problem, remedy)

    own = Path(origins.document.source)
    paths = (path for path in files(patterns, folder, fault, faults) if path != own)
    added = list(targets_of(paths, faults))
    first = len(targets or ())
    entries = [_seen_from(listed.folder, ("targets", ENTRY), listed.value) for listed in added]
    if entries:
        values["targets"] = [*(targets or ()), *entries]
    return {("targets", first + n): (listed.document, listed.path) for n, listed in enumerate(added)}


def _seen_from(folder: Path, at: tuple[str, ...], value: object) -> object:
    """Return what stands at `at` with its paths relative to the file's folder, as Prometheus has them."""
    for key in keys():
        if key.format == "path" and key.path[: len(at)] == at:
            value = anchored(value, key.path[len(at) :], folder)
    return value


def _put(
    values: dict[str, object], places: dict[KeyPath, str], path: tuple[str, ...], value: object, place: str
) -> None:
    section = values
    for part in path[:-1]:
        old = section.get(part)
        if not isinstance(old, dict | None):
            return  # the file's section is at fault, and will be told so
        section[part] = inner = dict(old or {})
        section = inner
    section[path[-1]] = value
    places[path] = place


def _put_data_source(
    values: dict[str, object],
    places: dict[KeyPath, str],
    environ: Mapping[str, str],
    origins: Origins,
    faults: list[Fault],
) -> None:
    source = data_source(environ, faults)
    if source is None:
        return
    listing = next((key for key in ("targets", _FILES) if values.get(key)), None)
    if listing:
        remedy = f"choose one: unset {source.variable}, or take the targets out of the file"
        file = origins.fault((listing,), "").where
        faults.append(Fault(source.variable, "targets", f"is set, and {file} lists targets too", remedy))
        return
    target = {
        "name": "main",
        "dsn": source.dsn,
        "password_env": source.password_env,
        "password_file": source.password_file,
    }
    values["targets"] = [target]
    places["targets",] = source.variable
    places["targets", 0, "password_file"] = PASSWORD_FILE


def _misspelt(environ: Mapping[str, str]) -> Iterable[Fault]:
    """Yield variables that nearly have the name of a setting.

    Others with our prefix are let be: Kubernetes makes some up for every service of that name.
    """
    known = [CONFIG_FILE, *variables()]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and not _OF_A_SERVICE.fullmatch(name):
            near = get_close_matches(
                name.removeprefix(PREFIX), [k.removeprefix(PREFIX) for k in known], 1, 0.8
            )
            if near:
                yield Fault(name, "", "is not known", f"did you mean {PREFIX}{near[0]}?")
