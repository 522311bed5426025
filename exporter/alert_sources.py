"""Owns `alerts/sources/*.yml`: the alerts and recording rules before their numbers are filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter import packed
from exporter.document import Document, in_order, parse, read_text, reason
from exporter.errors import ConfigError, Fault
from exporter.section import Section
from exporter.thresholds import Reading, Thresholds

_ALERT = r"(Postgres|OAuth|PgBouncer|PgOauthExporter)[A-Za-z0-9]+"
_RECORD = r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+"
_KEYS = (
    "alert",
    "record",
    "expr",
    "summary",
    "description",
    "team",
    "dashboard",
    "labels",
    "evidence",
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule; `expr` has places for the selector and for parameters."""

    name: str
    expr: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert; one rule follows for each of its severities.

    `labels` name the thing beside `job` and `target`; `dashboard` is a uid, `evidence` a kind of evidence.
    """

    name: str
    expr: str
    summary: str
    description: str
    team: str = "database"
    dashboard: str = ""
    labels: tuple[str, ...] = ()
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The rules of one file, in the order in which Prometheus evaluates them."""

    name: str
    help: str
    rules: tuple[Recording | Alert, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts alone."""
        return tuple(rule for rule in self.rules if isinstance(rule, Alert))


@dataclass(frozen=True, slots=True)
class Alerting:
    """All that is shipped: the subjects and the numbers."""

    subjects: tuple[Subject, ...]
    thresholds: Thresholds


def shipped_directory() -> Path:
    """Return the folder of the alerts that come with the program: of the wheel, or of the source tree."""
    return packed.folder("alerts")


def load(directory: Path, own: Sequence[Path] = ()) -> Alerting:
    """Return what is shipped in `directory`, with the numbers of the files `own` put over it in turn.

    Raises:
        ConfigError: with every fault of every file, in the order of files and lines.
    """
    faults: list[Fault] = []
    subjects = tuple(read(path, faults) for path in _files(directory / "sources", faults))
    thresholds: Thresholds | None = None
    for path in (directory / "thresholds.yml", *own):
        if (text := read_text(path, faults)) is not None:
            reading = Reading(parse(text, str(path)), thresholds)
            thresholds = reading.read()
            faults.extend(reading.faults)
    if faults:
        raise ConfigError(in_order(faults))
    return Alerting(subjects, thresholds or Thresholds())


def _files(folder: Path, faults: list[Fault]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".yml")
    except OSError as error:
        faults.append(Fault(str(folder), "", f"the folder cannot be read: {reason(error)}"))
        return []


def read(path: Path, faults: list[Fault]) -> Subject:
    """Return the rules of a file, or note its faults."""
    document = parse(read_text(path, faults) or "", str(path))
    faults.extend(document.faults)
    head = Section(document, (), ("help", "rules"), faults)
    head.require("help", "rules")
    value: Mapping[str, object] = document.value if isinstance(document.value, dict) else {}
    entries = value.get("rules")
    rules = tuple(
        _rule(document, number, faults) for number in range(len(entries) if isinstance(entries, list) else 0)
    )
    return Subject(path.stem, head.text("help") or "", rules)


def _rule(document: Document, number: int, faults: list[Fault]) -> Recording | Alert:
    entry = Section(document, ("rules", number), _KEYS, faults)
    if entry.has("record"):
        entry.require("record", "expr")
        return Recording(entry.text("record", _RECORD, "level:metric:operation") or "", entry.lines("expr"))
    entry.require("alert", "expr", "summary", "description")
    return Alert(
        name=entry.text("alert", _ALERT, "CamelCase with one of our prefixes") or "",
        expr=entry.lines("expr"),
        summary=entry.text("summary") or "",
        description=entry.text("description") or "",
        team=entry.text("team", "database|security") or "database",
        dashboard=entry.text("dashboard", "[a-z-]{1,40}") or "",
        labels=entry.names("labels"),
        evidence=entry.text("evidence", "[a-z_]+") or "",
    )
