"""Owns what the exporter says about itself to people: the status document, and whether it is ready.

Behind `/api/v1/status`, `/` and `/readyz`. It holds no DSN, no query text and no value from a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.engines import Engine
from exporter.evidence import Evidence
from exporter.model import JobKey, Query, Skip
from exporter.telemetry import Telemetry
from exporter.watch import Watch

# Values are fresh as long as they are served, but a target none of whose queries has succeeded for this many
# of its shortest intervals is stuck, whatever the reason.
_STUCK_AFTER_INTERVALS = 4
_STUCK_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class QueryStatus:
    """One job: what it is doing and why. Times in seconds, `last_success` in Unix time.

    `state` is waiting (not run yet), ok, failing, backing off or skipped.
    """

    query: str
    set: str
    database: str | None
    state: str
    reason: str = ""
    remedy: str = ""
    every: float | None = None
    last_success: float | None = None
    seconds: float | None = None
    samples: int | None = None
    dropped: int | None = None


@dataclass(frozen=True, slots=True)
class EvidenceStatus:
    """What is kept of one kind, and where; `newest` is the Unix time of the newest snapshot, None without."""

    kind: str
    help: str
    path: str
    episodes: int
    newest: float | None
    lasting: bool


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target and all its jobs."""

    name: str
    up: bool
    problem: str
    engine: str
    version: str | None
    standby: bool | None
    database: str | None
    role: str | None
    queries: tuple[QueryStatus, ...]
    evidence: tuple[EvidenceStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """The whole document. `not_ready` says in words what keeps /readyz from answering 200."""

    version: str
    started: float
    now: float
    series: int
    not_ready: tuple[str, ...]
    targets: tuple[TargetStatus, ...]
    disabled: tuple[QueryStatus, ...]


def target_status(
    watch: Watch, telemetry: Telemetry, sets: Mapping[str, str], evidence: Evidence
) -> TargetStatus:
    """Return what is going on with one target; `sets` maps a query's name to its set."""
    active = [_active(key, query, telemetry) for key, query in watch.plan.active.items()]
    skipped = [skipped_status(key, sets[key.query], skip) for key, skip in watch.plan.skipped.items()]
    server = watch.server
    return TargetStatus(
        name=watch.target.name,
        up=watch.up,
        problem=watch.problem,
        engine=watch.target.engine,
        version=server.version if server else None,
        standby=server.in_recovery if server and server.engine is Engine.POSTGRESQL else None,
        database=server.database if server else None,
        role=(server.role or None) if server else None,
        queries=tuple(sorted([*active, *skipped], key=lambda row: (row.set, row.query, row.database or ""))),
        evidence=tuple(_evidence(watch, evidence)),
    )


def _evidence(watch: Watch, evidence: Evidence) -> Iterator[EvidenceStatus]:
    name = watch.target.name
    texts = {query.evidence: query.help for query in watch.plan.active.values() if query.evidence}
    for kind, text in sorted(texts.items()):
        found = evidence.of(name, kind)
        yield EvidenceStatus(
            kind,
            text,
            f"evidence/{name}/{kind}",
            len(found),
            newest=max((episode.newest.at for episode in found), default=None),
            lasting=any(episode.ended is None for episode in found),
        )


def skipped_status(key: JobKey, set_name: str, skip: Skip) -> QueryStatus:
    """Return the row of a query that does not run."""
    reason = f"{skip.reason}: {skip.detail}" if skip.detail else str(skip.reason)
    return QueryStatus(key.query, set_name, key.database, "skipped", reason, skip.remedy)


def not_ready(watches: Iterable[Watch], telemetry: Telemetry, now: float) -> tuple[str, ...]:
    """Return what keeps the exporter from being ready, in words; nothing when it is.

    A server that is away does not: the page says so with `pg_up 0`, and somebody has to be able to scrape it.
    """
    problems = []
    for watch in watches:
        name = watch.target.name
        if not watch.has_settled:
            problems.append(f"target {name}: not every query has run once yet")
        elif watch.up and _is_stuck(watch, telemetry, now):
            problems.append(f"target {name}: no query has succeeded lately")
    return tuple(problems)


def _is_stuck(watch: Watch, telemetry: Telemetry, now: float) -> bool:
    active = watch.plan.active
    if not active:
        return False
    newest = max(telemetry.last_success(key) or 0.0 for key in active)
    shortest = min(query.every for query in active.values())
    return now - newest > max(_STUCK_AFTER_SECONDS, _STUCK_AFTER_INTERVALS * shortest)


def _active(key: JobKey, query: Query, telemetry: Telemetry) -> QueryStatus:
    last = telemetry.last_outcome(key)
    good_at = telemetry.last_success(key)
    state = "waiting"
    if last is not None and last.kind == "ok":
        state = "ok"
    elif last is not None:
        state = "backing off" if telemetry.backoff(key) else "failing"
    return QueryStatus(
        key.query,
        query.set,
        key.database,
        state,
        reason=f"{last.kind}: {last.message}" if last is not None and last.kind != "ok" else "",
        every=(last.interval if last else None) or query.every,
        last_success=good_at,
        seconds=last.seconds if last else None,
        samples=last.samples if last else None,
        dropped=sum(last.dropped.values()) if last else None,
    )
