"""Owns where each setting came from, so that a fault that is found later can say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.document import Document, KeyPath, dotted
from exporter.errors import Fault


@dataclass(frozen=True, slots=True)
class Origins:
    """Where settings came from: a variable, a flag, or a line of a file; not compared with the settings.

    `moved` says of what does not stand in `document` at its own path where it does: a target of another file,
    or what a target took from `defaults`.
    """

    document: Document = field(default_factory=lambda: Document("configuration"), compare=False)
    places: Mapping[KeyPath, str] = field(default_factory=dict, compare=False)
    moved: Mapping[KeyPath, tuple[Document, KeyPath]] = field(default_factory=dict, compare=False)

    def fault(self, path: KeyPath, problem: str, remedy: str = "") -> Fault:
        """Return a fault that points at where `path` was set."""
        for size in range(len(path), 0, -1):
            if path[:size] in self.places:
                return Fault(self.places[path[:size]], dotted(path), problem, remedy)
            if path[:size] in self.moved:
                document, start = self.moved[path[:size]]
                there = (*start, *path[size:])
                if document is self.document:
                    return self.fault(there, problem, remedy)
                return document.fault(there, problem, remedy)
        if not self.document.lines:
            return Fault(self.document.source, dotted(path), problem, remedy)
        return self.document.fault(path, problem, remedy)
