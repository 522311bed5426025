"""Owns how evidence reads for people: rows to lines, seconds to words. Pure; the HTML is in the templates.

A reader is on a phone and has just been woken: what it is, since when, who it is, what ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from exporter.evidence import Episode, Snapshot

Row = Mapping[str, object]

# Levels of a tree that are told apart by indentation; on a phone there is room for no more.
_DEEPEST = 5
_LONGEST_LIST = 8
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KIB = 1024
# What is true of all rows is said once, with the first.
_OF_ALL = ("used_in_all", "for_ordinary_roles")

# A level, and the one at which something is due.
_DUE = (("dead_rows", "dead_rows_at"), ("xid_age", "xid_age_at"), ("multixact_age", "multixact_age_at"))


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `remedy` is SQL that ends what it is about, `inspect` SQL that only looks.

    `is_past` says that the query is not running: it is the session's newest.
    """

    title: str
    who: tuple[str, ...]
    facts: tuple[str, ...]
    query: str
    is_past: bool
    remedy: str
    inspect: str
    depth: int
    is_root: bool


def spoken(seconds: float) -> str:
    """Return a time as people say it, in two units at most; a part of the smaller one is left out."""
    whole = max(0, int(seconds))
    if whole < 1:
        return "less than 1 s"
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    days = whole // _DAY
    return _two(days, "day" if days == 1 else "days", whole % _DAY // _HOUR, "h")


def standing(episode: Episode, now: float) -> str:
    """Return whether an episode goes on, and for how long it has or had."""
    if episode.ended is None:
        return f"Going on for {spoken(now - episode.first.at)}"
    return f"Over for {spoken(now - episode.ended)}, lasted {spoken(episode.ended - episode.first.at)}"


def moment(episode: Episode, snapshot: Snapshot, now: float) -> str:
    """Return which snapshot of its episode it is, and how old."""
    names = {episode.first.at: "At first", episode.largest.at: "At its worst", episode.newest.at: "Newest"}
    return f"{names[snapshot.at]}, {spoken(now - snapshot.at)} ago"


def lines(snapshot: Snapshot) -> list[Line]:
    """Return the rows as they are shown."""
    # The rows of a tree say who is at a root; of others the first comes first for a reason.
    return [
        _line(row, is_root=row["depth"] == 0 if "depth" in row else place == 0)
        for place, row in enumerate(snapshot.rows)
    ]


def _line(row: Row, *, is_root: bool) -> Line:
    given = {name: value for name, value in row.items() if value not in (None, "", [])}
    if not is_root:
        given = {name: value for name, value in given.items() if name not in _OF_ALL}
    depth = given.get("depth")
    return Line(
        title=_title(given),
        who=tuple(_who(given)),
        facts=tuple(_facts(given)),
        query=str(given.get("query", "")),
        is_past=str(given.get("state", "")).startswith("idle"),
        remedy=str(given.get("remedy", "")),
        inspect=str(given.get("inspect", "")),
        depth=min(depth, _DEEPEST) if isinstance(depth, int) else 0,
        is_root=is_root,
    )


def _title(row: Row) -> str:
    parts = [str(row["holder"])] if "holder" in row else []
    sessions = row.get("sessions", 1)
    if "prepared" in row:
        parts.append(f"prepared transaction {row['prepared']}")
    elif "name" in row:
        parts.append(str(row["name"]))
    if "pid" not in row:
        parts += [f"{sessions} session{_plural(sessions)}"] * ("sessions" in row)
    elif sessions != 1:
        parts.append(f"{sessions} sessions, longest pid {row['pid']}")
    elif "prepared" not in row:
        parts.append(f"pid {row['pid']}")
    return ", ".join(part for part in (" ".join(parts), str(row.get("application_name", ""))) if part)


def _who(row: Row) -> Iterator[str]:
    for name, word in (("usename", "role"), ("datname", "database"), ("client", "from")):
        if name in row:
            yield f"{word} {row[name]}"
    if row.get("backend_type", "client backend") != "client backend":
        yield str(row["backend_type"])


def _state(row: Row) -> str:
    if row.get("state") == "active" and "waiting_seconds" in row:
        return ""
    words = str(row.get("state", "in this state"))
    if "state_seconds" not in row:
        return words
    longest = ", longest" if row.get("sessions", 1) != 1 else ""
    return f"{words}{longest} for {_said('state_seconds', row)}"


def _oldest(row: Row) -> str:
    return "oldest " if row.get("sessions", 1) != 1 else ""


def _lock(row: Row) -> str:
    words = f"waits for {row['lock']}" if "lock" in row else "waits"
    if "relation" in row:
        words += f" on {row['relation']}"
    if "waiting_seconds" in row:
        words += f" for {_said('waiting_seconds', row)}"
    return words


def _behind(row: Row) -> str:
    ahead = row["waits_for"]
    pids = [str(pid) for pid in ahead] if isinstance(ahead, list) else [str(ahead)]
    more = f" and {len(pids) - _LONGEST_LIST} more" if len(pids) > _LONGEST_LIST else ""
    return f"behind pid {', '.join(pids[:_LONGEST_LIST])}{more}"


def _blocks(row: Row) -> str:
    count = row["blocks"]
    return f"{count} wait{'s' if count == 1 else ''} directly behind it" if count else ""


def _taken(row: Row) -> str:
    return f"{row.get('used_in_all')} of {row.get('for_ordinary_roles')} connections taken in all"


def _due(columns: tuple[str, str], row: Row) -> str:
    level, edge = columns
    return (
        f"{_label(level)} {_said(level, row)}, due at {_said(edge, row)}"
        if {level, edge} <= row.keys()
        else ""
    )


def _vacuum(row: Row) -> str:
    return f"a vacuum is at it, pid {row.get('vacuum_pid')}: {row.get('vacuum_phase')}"


# Which columns a phrase takes the place of, in the order in which they are said; nothing is not said.
_PHRASES: tuple[tuple[tuple[str, ...], Callable[[Row], str]], ...] = (
    (("state", "state_seconds"), _state),
    (("lock", "relation", "waiting_seconds"), _lock),
    (("waits_for",), _behind),
    (("blocks",), _blocks),
    (("statement_seconds",), lambda row: f"statement running for {_said('statement_seconds', row)}"),
    (("transaction_seconds",), lambda row: f"transaction open for {_said('transaction_seconds', row)}"),
    (("connected_seconds",), lambda row: f"{_oldest(row)}connected for {_said('connected_seconds', row)}"),
    (("wait",), lambda row: f"waits for {row['wait']}"),
    (
        ("xmin_age",),
        lambda row: f"its view is {_said('xmin_age', row)} transaction{_plural(row['xmin_age'])} old",
    ),
    (_OF_ALL, _taken),
    *((columns, partial(_due, columns)) for columns in _DUE),
    (("last_vacuum_seconds",), lambda row: f"last vacuumed {_said('last_vacuum_seconds', row)} ago"),
    (("is_autovacuum_off",), lambda row: "autovacuum is switched off" * (row["is_autovacuum_off"] is True)),
    (("vacuum_pid", "vacuum_phase"), _vacuum),
    (("locked_by",), lambda row: f"locked by pid {_said('locked_by', row)}"),
)
_ELSEWHERE = {
    *("depth", "query", "remedy", "inspect", "holder", "name", "prepared", "sessions", "pid"),
    *("application_name", "usename", "datname", "client", "backend_type"),
}


def _facts(row: Row) -> Iterator[str]:
    told = set(_ELSEWHERE)
    for columns, phrase in _PHRASES:
        if any(name in row for name in columns):
            told |= set(columns)
            if words := phrase(row):
                yield words
    for name in row:
        if name not in told:
            yield f"{_label(name)} {_said(name, row)}"


def _label(name: str) -> str:
    for ending in ("_seconds", "_bytes", "_ratio"):
        name = name.removesuffix(ending)
    return name.replace("_", " ") if name != "query_id" else name


def _said(name: str, row: Row) -> str:
    """Return a value in the unit that the name of its column says."""
    value = row[name]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if name.endswith("_seconds"):
        return spoken(value)
    if name.endswith("_bytes"):
        return _bytes(value)
    if name.endswith("_ratio"):
        return f"{value:.0%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _bytes(value: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if abs(value) < _KIB:
            return f"{value:,.0f} {unit}"
        value /= _KIB
    return f"{value:,.1f} TiB"


def _plural(count: object) -> str:
    return "" if count == 1 else "s"


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"
