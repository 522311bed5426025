"""Owns what the exporter says about itself to people: the status document, and whether it is ready.

Behind `/api/v1/status`, the status pages and `/readyz`. It holds no DSN, no query text, no value of a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from exporter.engines import Engine
from exporter.evidence import Evidence
from exporter.model import JobKey, Outcome, Query, Skip
from exporter.pauses import Pause
from exporter.store import Served
from exporter.telemetry import Telemetry
from exporter.watch import Watch

# Values are fresh as long as they are served, but a target none of whose queries has succeeded for this many
# of its shortest intervals is stuck, whatever the reason.
_STUCK_AFTER_INTERVALS = 4
_STUCK_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class QueryStatus:
    """One job: what it is doing and why. Times in seconds, `last_run` and `last_success` in Unix time.

    `state` is waiting (not run yet, or its target is down), ok, failing, backing off, skipped
    or resting (its hours are not now).
    `seconds`, `server_seconds` (the part that the server had it), `rows` and `samples` are of the newest run.
    """

    query: str
    set: str
    database: str | None
    state: str
    reason: str = ""
    remedy: str = ""
    every: float | None = None
    last_run: float | None = None
    last_success: float | None = None
    seconds: float | None = None
    server_seconds: float | None = None
    rows: int | None = None
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
class Counts:
    """How many queries of a target are in which state; those that back off are failing."""

    ok: int = 0
    failing: int = 0
    waiting: int = 0
    skipped: int = 0
    resting: int = 0


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target and all its jobs; `queries` is empty where they were not asked for.

    `state` is waiting (not tried yet), paused, up, down or follower (another replica polls it); `problem` is
    why it is down, or why there is no election, `worst` what is wrong with the query that has been failing
    for longest. `started` is when the server was, `newest` and `oldest` when the newest and the oldest of its
    values on the page were read, all Unix times. `server_share` is the share of time in which the newest runs
    keep the server busy, 0 to 1. `leader` is None where there is no election.
    """

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
    state: str = "waiting"
    worst: str = ""
    started: float | None = None
    newest: float | None = None
    oldest: float | None = None
    series: int = 0
    counts: Counts = Counts()
    server_share: float = 0.0
    paused: Pause | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    leader: bool | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The whole document. `not_ready` says in words what keeps /readyz from answering 200.

    `reloaded` is the Unix time of the newest good load of the configuration, `reload_faults` what kept a
    newer one from being taken. `shard` is which part of the targets is here, as `2/5`, empty for all.
    """

    version: str
    started: float
    now: float
    series: int
    not_ready: tuple[str, ...]
    targets: tuple[TargetStatus, ...]
    disabled: tuple[QueryStatus, ...]
    reloaded: float | None = None
    reload_faults: tuple[str, ...] = ()
    shard: str = ""


def target_status(
    watch: Watch, telemetry: Telemetry, evidence: Evidence, served: Served, sets: Mapping[str, str] | None
) -> TargetStatus:
    """Return what goes on with one target; `sets` maps a query's name to its set, None leaves queries out."""
    server = watch.server
    counts, worst, share = _tally(watch, telemetry)
    return TargetStatus(
        name=watch.target.name,
        up=watch.up,
        problem=watch.problem or watch.voice.problem,
        engine=watch.target.engine,
        version=server.version if server else None,
        standby=server.in_recovery if server and server.engine is Engine.POSTGRESQL else None,
        database=server.database if server else None,
        role=(server.role or None) if server else None,
        queries=() if sets is None else _queries(watch, telemetry, sets),
        evidence=tuple(_evidence(watch, evidence)),
        state=_target_state(watch),
        paused=watch.paused,
        labels=dict(watch.target.labels),
        leader=watch.voice.leads if watch.voice.is_elected else None,
        worst=worst,
        started=server.started if server and watch.up else None,
        newest=served.newest,
        oldest=served.oldest,
        series=served.samples,
        counts=counts,
        server_share=share,
    )


def _target_state(watch: Watch) -> str:
    if watch.paused is not None:
        return "paused"
    if not watch.tried:
        return "waiting"
    if not watch.up:
        return "down"
    return "follower" if watch.voice.follows else "up"


def _queries(watch: Watch, telemetry: Telemetry, sets: Mapping[str, str]) -> tuple[QueryStatus, ...]:
    plan = watch.plan
    active = [_active(key, query, telemetry, is_up=watch.up) for key, query in plan.active.items()]
    skipped = [
        skipped_status(key, sets[key.query], skip, state="resting" if key in plan.resting else "skipped")
        for key, skip in plan.skipped.items()
    ]
    return tuple(sorted([*active, *skipped], key=lambda row: (row.set, row.query, row.database or "")))


def _tally(watch: Watch, telemetry: Telemetry) -> tuple[Counts, str, float]:
    """Return the counts by state, the worst failure in words, and the share of time the server is busy."""
    found: Counter[str] = Counter()
    failed: list[tuple[float, str]] = []
    share = 0.0
    for key, query in watch.plan.active.items():
        last = telemetry.last_outcome(key) if watch.up else None
        state = _state(last)
        found[state] += 1
        if last is not None:
            share += last.server_seconds / (last.interval or query.every)
        if last is not None and state == "failing":
            failed.append((telemetry.last_success(key) or 0.0, f"{key.query}: {last.kind}: {last.message}"))
    resting = len(watch.plan.resting)
    skipped = len(watch.plan.skipped) - resting
    counts = Counts(found["ok"], found["failing"], found["waiting"], skipped, resting)
    return counts, min(failed)[1] if failed else "", share


def _state(last: Outcome | None) -> str:
    if last is None:
        return "waiting"
    return "ok" if last.kind == "ok" else "failing"


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


def skipped_status(key: JobKey, set_name: str, skip: Skip, state: str = "skipped") -> QueryStatus:
    """Return the row of a query that does not run."""
    reason = f"{skip.reason}: {skip.detail}" if skip.detail else str(skip.reason)
    return QueryStatus(key.query, set_name, key.database, state, reason, skip.remedy)


def not_ready(
    watches: Iterable[Watch], telemetry: Telemetry, now: float, settled: Collection[str] = ()
) -> tuple[str, ...]:
    """Return what keeps the exporter from being ready, in words; nothing when it is.

    A server that is away does not: the page says so with `pg_up 0`, and somebody has to be able to scrape it.
    Targets in `settled` are known to have settled.
    """
    problems = []
    for watch in watches:
        name = watch.target.name
        if name not in settled and not watch.has_settled:
            problems.append(f"target {name}: not every query has run once yet")
        elif watch.up and _is_stuck(watch, telemetry, now):
            problems.append(f"target {name}: no query has succeeded lately")
    return tuple(problems)


def settled(targets: Iterable[TargetStatus]) -> frozenset[str]:
    """Return those of which every query has run; to find that out again takes long with hundreds."""
    return frozenset(target.name for target in targets if target.up and not target.counts.waiting)


def _is_stuck(watch: Watch, telemetry: Telemetry, now: float) -> bool:
    active = watch.plan.active
    if not active:
        return False
    shortest = min(query.every for query in active.values())
    since = now - max(_STUCK_AFTER_SECONDS, _STUCK_AFTER_INTERVALS * shortest)
    return watch.woken_at < since and all((telemetry.last_success(key) or 0.0) < since for key in active)


def _active(key: JobKey, query: Query, telemetry: Telemetry, *, is_up: bool) -> QueryStatus:
    last = telemetry.last_outcome(key) if is_up else None
    state = _state(last)
    if state == "failing" and telemetry.backoff(key):
        state = "backing off"
    return QueryStatus(
        key.query,
        query.set,
        key.database,
        state,
        reason=f"{last.kind}: {last.message}" if last is not None and last.kind != "ok" else "",
        every=(last.interval if last else None) or query.every,
        last_run=last.at if last else None,
        last_success=telemetry.last_success(key),
        seconds=last.seconds if last else None,
        server_seconds=last.server_seconds if last else None,
        rows=last.rows if last else None,
        samples=last.samples if last else None,
        dropped=sum(last.dropped.values()) if last else None,
    )
