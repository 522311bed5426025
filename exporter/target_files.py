"""Owns the files of further targets: which they are, and the targets as they stand there."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from exporter.document import Document, KeyPath, read_mapping, suggestion
from exporter.errors import Fault

_TARGETS = "targets"
_PATTERN = "write a pattern, such as targets.d/*.yaml"

# How a fault of the pattern at a place in the list is made.
PatternFault = Callable[[int, str, str], Fault]


@dataclass(frozen=True, slots=True)
class Listed:
    """A target as it stands in a file, nothing validated, and where it stands."""

    value: object = field(repr=False)
    folder: Path
    document: Document = field(repr=False)
    path: KeyPath


def files(
    patterns: Iterable[object], folder: Path, fault: PatternFault, faults: list[Fault]
) -> tuple[Path, ...]:
    """Return the files that `patterns` name, in the order of their paths.

    A pattern may match nothing yet, a plain name may not be missing. What is hidden is passed over.
    """
    found: set[Path] = set()
    for index, pattern in enumerate(patterns):
        if not isinstance(pattern, str) or not pattern.strip():
            continue  # the validation says so
        if glob.has_magic(pattern):
            # pathlib's own shows hidden files
            names = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207
            found.update(path for path in (folder / name for name in names) if path.is_file())
        elif (folder / pattern).is_dir():
            faults.append(fault(index, "is a folder", _PATTERN))
        elif (folder / pattern).exists():
            found.add(folder / pattern)
        else:
            faults.append(fault(index, "there is no such file", f"where it may come later, {_PATTERN}"))
    return tuple(sorted(found))


def targets_of(paths: Iterable[Path], faults: list[Fault]) -> Iterator[Listed]:
    """Yield the targets of all files; what is wrong with a file is added to `faults`."""
    for path in paths:
        document = read_mapping(path, faults)
        if document is None or not isinstance(document.value, dict):
            continue
        strange = sorted(document.value.keys() - {_TARGETS})
        faults.extend(document.fault((key,), "unknown key", suggestion(key, [_TARGETS])) for key in strange)
        entries = document.value.get(_TARGETS)
        if entries is not None and not isinstance(entries, list):
            faults.append(document.fault((_TARGETS,), "must be a list", "targets: [...]"))
            continue
        bare = replace(document, value=None)
        for index, value in enumerate(entries or ()):
            yield Listed(value, path.parent, bare, (_TARGETS, index))
