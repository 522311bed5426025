"""Owns how the status reads for people: which rows, in which order, in which words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.engines import ENGINE_NAMES, Engine
from exporter.evidence_page import spoken
from exporter.status import QueryStatus, Status, TargetStatus

TARGETS_A_PAGE = 100

# What can be asked for by state, and how it is called.
TARGET_STATES = {
    "": "any state",
    "problems": "with problems",
    "down": "down",
    "up": "up",
    "waiting": "waiting",
    "paused": "paused",
    "follower": "follower",
}
QUERY_STATES = {
    "": "any state",
    "failing": "failing",
    "waiting": "waiting",
    "ok": "ok",
    "resting": "resting",
    "skipped": "skipped",
    "disabled": "switched off",
}

# A section of queries: its key, its heading, what it means.
_SECTIONS = (
    ("failing", "Failing", "Their values are gone or will expire. The reason is that of the newest run."),
    (
        "waiting",
        "Waiting",
        "They have not run since the exporter started, or since the target was away or paused.",
    ),
    ("ok", "Working", ""),
    ("resting", "Resting", "Their hours are not now. They run again when their window opens."),
    ("skipped", "Skipped", "They do not apply as things are. A remedy is to be read before it is run."),
    ("disabled", "Switched off", "By the configuration, or because their set is not on by default."),
)
_SECTION_OF = {"backing off": "failing"}


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader wants to see: rows with all `words`, in this state, the so many-th page of them."""

    text: str = ""
    state: str = ""
    page: int = 1

    @property
    def words(self) -> tuple[str, ...]:
        """What has to be found in a row, in lower case."""
        return tuple(self.text.lower().split())


@dataclass(frozen=True, slots=True)
class Listing:
    """The targets on one page; `found` is how many there are on all pages, of `total`."""

    rows: Sequence[TargetStatus]
    found: int
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Section:
    """Queries that are in the same state."""

    key: str
    heading: str
    help: str
    rows: Sequence[QueryStatus]


def question(parameters: Mapping[str, str]) -> Question:
    """Return what the parameters of an address ask for; nonsense asks for nothing."""
    page = parameters.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1  # noqa: PLR2004 - digits
    return Question(parameters.get("q", "")[:200], parameters.get("state", ""), max(number, 1))


def listing(status: Status, asked: Question) -> Listing:
    """Return the targets that are asked for, the worst first."""
    found = sorted(
        (target for target in status.targets if _is_asked(target, asked)),
        key=lambda target: (_badness(target), target.name),
    )
    pages = max(1, -(-len(found) // TARGETS_A_PAGE))
    page = min(asked.page, pages)
    rows = found[(page - 1) * TARGETS_A_PAGE : page * TARGETS_A_PAGE]
    return Listing(rows, len(found), len(status.targets), page, pages)


def sections(target: TargetStatus, disabled: Iterable[QueryStatus], asked: Question) -> tuple[Section, ...]:
    """Return the queries that are asked for, by state, the failing first; no section is empty."""
    by_key: dict[str, list[QueryStatus]] = {}
    for row in target.queries:
        by_key.setdefault(_SECTION_OF.get(row.state, row.state), []).append(row)
    by_key["disabled"] = list(disabled)
    kept = {
        key: [row for row in rows if _has(asked.words, _of_query(row))]
        for key, rows in by_key.items()
        if asked.state in {"", key}
    }
    return tuple(Section(key, heading, text, kept[key]) for key, heading, text in _SECTIONS if kept.get(key))


def headline(status: Status) -> str:
    """Return what somebody who looks at the title only has to know."""
    down = sum(target.state == "down" for target in status.targets)
    failing = sum(target.counts.failing for target in status.targets)
    words = [f"{down} down"] * bool(down)
    if failing:
        words.append(f"{failing} quer{'y' if failing == 1 else 'ies'} failing")
    return ", ".join(words)


def kind_of(target: TargetStatus) -> str:
    """Return what a target is, with its version: `PostgreSQL 17.4, standby`."""
    name = ENGINE_NAMES[Engine(target.engine)]
    words = [f"{name} {target.version.split()[0]}" if target.version else name]
    if target.standby is not None:
        words.append("standby" if target.standby else "primary")
    return ", ".join(words)


def trouble(target: TargetStatus) -> str:
    """Return the worst of what is wrong with a target, in words; empty when nothing is."""
    if target.problem:
        return target.problem
    others = target.counts.failing - 1
    return f"{target.worst} (and {others} more)" if target.worst and others > 0 else target.worst


def ago(moment: float | None, now: float) -> str:
    """Return how long ago something was, empty for never."""
    if moment is None:
        return ""
    return f"{spoken(now - moment)} ago" if now - moment >= 1 else "just now"


def took(seconds: float | None) -> str:
    """Return the length of a run, as short as it is said."""
    if seconds is None:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def share_of_time(row: QueryStatus) -> float | None:
    """Return for which share of time the server is busy with a query, by its newest run; None before it."""
    if row.server_seconds is None or not row.every:
        return None
    return row.server_seconds / row.every


def percent(share: float | None) -> str:
    """Return a share with as many digits as tell it from nothing."""
    if share is None:
        return ""
    if 0 < share < 0.0001:  # noqa: PLR2004 - what two digits can show
        return "<0.01 %"
    return f"{share:.2%}".replace("%", " %")


def _badness(target: TargetStatus) -> int:
    if target.state == "up":
        return 1 if target.counts.failing or target.problem else 3
    return {"down": 0, "waiting": 2}.get(target.state, 4)


def _is_asked(target: TargetStatus, asked: Question) -> bool:
    if asked.state == "problems":
        if _badness(target) > 1:
            return False
    elif asked.state not in {"", target.state}:
        return False
    return _has(asked.words, _of_target(target))


def _has(words: Iterable[str], text: str) -> bool:
    return all(word in text for word in words)


def _of_target(target: TargetStatus) -> str:
    labels = " ".join(f"{name}={value}" for name, value in target.labels.items())
    parts = (
        target.name,
        labels,
        target.state,
        kind_of(target),
        target.database,
        target.role,
        trouble(target),
    )
    return "\n".join(part for part in parts if part).lower()


def _of_query(row: QueryStatus) -> str:
    parts = (row.query, row.set, row.database, row.state, row.reason)
    return "\n".join(part for part in parts if part).lower()
