"""Every exception this program raises on purpose.

ExporterError
├── ConfigError        the configuration or the catalogue is bad; carries every Fault found
└── QueryError         one run against a database failed; carries its kind and a message fit for logs

Gateways (`database`, `settings`, `catalog`) translate foreign exceptions into these; `runner` alone decides
what a failed run means, `__main__` alone turns a ConfigError into an exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.model import OutcomeKind
from exporter.redaction import blot


class ExporterError(Exception):
    """Root of the tree: whatever is raised on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake of the user: where it stands, what is wrong, what to do.

    `where` is a file (with `:line` when known), an environment variable or a flag; `key` is the dotted path
    inside it. Neither `problem` nor `remedy` ever contains a secret.
    """

    where: str
    key: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: {self.key}" if self.key else self.where
        return blot(f"{place}: {self.problem}" + (f" ({self.remedy})" if self.remedy else ""))


class ConfigError(ExporterError):
    """The configuration or the catalogue is bad; `faults` holds every mistake once, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class QueryError(ExporterError):
    """One run failed.

    `kind` says how, `sqlstate` is the server's code where there is one. The message names no secret, no value
    from a table and no query text, so it may be logged and shown.
    """

    def __init__(self, kind: OutcomeKind, message: str, sqlstate: str | None = None) -> None:
        self.kind = kind
        self.sqlstate = sqlstate
        super().__init__(blot(message))
