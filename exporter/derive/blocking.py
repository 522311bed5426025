"""Owns the blocking tree: from who waits for whom to how many wait, behind what and for how long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from exporter.model import Rows

_PREPARED_PID = 0  # what pg_blocking_pids() answers for a prepared transaction
_PREPARED = "prepared transaction"
_AUTOVACUUM = "autovacuum"
_OTHER = "other"  # a background process, or a session that ended while the server was asked

# What a root can be counted under. All are reported every time, so that no series comes and goes.
ROOT_STATES = (
    "active",
    "idle",
    "idle in transaction",
    "idle in transaction (aborted)",
    _AUTOVACUUM,
    _PREPARED,
    _OTHER,
)

COLUMNS = (
    "state",
    "roots",
    "blocked_sessions",
    "largest_tree",
    "depth",
    "longest_wait",
    "cycle_sessions",
    "behind_autovacuum",
)


@dataclass(frozen=True, slots=True)
class Tree:
    """The shape of a set of waits, in sessions.

    `roots` block others and wait for nobody. `largest` is how many the busiest root holds up, itself left
    out. `depth` is the greatest distance of a session from its nearest root: a queue of a hundred for one
    lock is 1 deep when each waits for the holder as well as for those ahead. `rootless` are those blocked
    that no root holds up: they wait in a circle, or behind one.
    """

    roots: frozenset[int]
    blocked: int
    largest: int
    depth: int
    rootless: int


@dataclass(frozen=True, slots=True)
class _Session:
    pid: int
    query_start: object
    state: object
    blockers: frozenset[int]


def blocking_tree(rows: Rows, previous: object | None, now: float) -> tuple[Rows, object | None]:
    """Derive the metrics of blocking from columns `pid`, `query_start`, `state` and `blockers` (pids).

    A row with blockers is a session that waits; one without tells the state of a session that others wait
    for. A row without a pid says that the server hides waits from us: then the answer is empty, not 0.

    The result has one row without a state for what concerns the whole server, and one with `roots` for each
    of ROOT_STATES. `longest_wait` is in seconds since a run first saw the same query of the same session
    waiting: the server's own start of a wait would cost a pass over all locks, so it is short by up to one
    interval. The state that is kept holds these first sightings.
    """
    sessions = tuple(_read(rows))
    if len(sessions) < len(rows.rows):
        return Rows(COLUMNS, (), rows.seconds), None
    blockers: defaultdict[int, set[int]] = defaultdict(set)
    for session in sessions:
        if session.blockers:
            # Parallel workers wait in their leader's name, each for its own lock.
            blockers[session.pid] |= session.blockers
    tree = shape(blockers)
    seen = _first_seen(sessions, previous, now)
    longest = max((now - since for since in seen.values()), default=0.0)
    states = _root_states(tree.roots, sessions)
    vacuums = [root for root, state in states.items() if state == _AUTOVACUUM]
    behind = sum(map(len, levels(vacuums, waiters_of(blockers)))) if vacuums else 0
    whole = (None, None, tree.blocked, tree.largest, tree.depth, max(0.0, longest), tree.rootless, behind)
    counts = Counter(states.values())
    by_state = ((state, counts[state], *(None,) * (len(COLUMNS) - 2)) for state in ROOT_STATES)
    return Rows(COLUMNS, (whole, *by_state), rows.seconds), seen


def shape(blockers: Mapping[int, Collection[int]]) -> Tree:
    """Return the shape of the waits in `blockers`: who waits, to whom it waits for.

    Time and memory grow with the number of edges, not of paths: n sessions in one queue have n * n / 2 edges.
    """
    waiters = waiters_of(blockers)
    roots = frozenset(waiters.keys() - blockers.keys())
    sizes = [len(level) for level in levels(roots, waiters)]
    # Holders of one shared lock all hold up the same sessions, which need counting only once.
    alike = {frozenset(waiters[root]): root for root in roots}
    largest = max((sum(map(len, levels((root,), waiters))) for root in alike.values()), default=0)
    return Tree(roots, len(blockers), largest, len(sizes), len(blockers) - sum(sizes))


def waiters_of(blockers: Mapping[int, Collection[int]]) -> Mapping[int, set[int]]:
    """Return who waits for whom the other way round: to each blocker those who wait for it."""
    waiters: defaultdict[int, set[int]] = defaultdict(set)
    for waiter, ahead in blockers.items():
        for blocker in ahead:
            waiters[blocker].add(waiter)
    return waiters


def levels(start: Collection[int], waiters: Mapping[int, set[int]]) -> Iterator[set[int]]:
    """Yield who waits for one of `start`, then who waits for one of those, and so on; each session once."""
    seen: set[int] = set()
    front = start
    while front := set().union(*(waiters[pid] for pid in front if pid in waiters)) - seen:
        seen |= front
        yield front


def _read(rows: Rows) -> Iterator[_Session]:
    places = [rows.columns.index(name) for name in ("pid", "query_start", "state", "blockers")]
    for row in rows.rows:
        pid, query_start, state, blockers = (row[place] for place in places)
        if isinstance(pid, int) and isinstance(blockers, list):
            yield _Session(pid, query_start, state, frozenset(blockers))


def _first_seen(
    sessions: Collection[_Session], previous: object | None, now: float
) -> Mapping[tuple[int, object], float]:
    known = previous if isinstance(previous, dict) else {}
    waiting = ((session.pid, session.query_start) for session in sessions if session.blockers)
    return {wait: known.get(wait, now) for wait in waiting}


def _root_states(roots: Collection[int], sessions: Collection[_Session]) -> Mapping[int, object]:
    states = {session.pid: session.state for session in sessions if not session.blockers}
    states[_PREPARED_PID] = _PREPARED
    return {root: state if (state := states.get(root)) in ROOT_STATES else _OTHER for root in roots}
