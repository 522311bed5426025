"""Owns the order in which a blocking tree is shown to people: each session below one that it waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from exporter.derive.blocking import levels, waiters_of
from exporter.model import Rows

_PID, _WAITS_FOR = "pid", "waits_for"


def blocking_evidence(
    rows: Rows,
    previous: object | None,  # noqa: ARG001 - a snapshot stands for itself
    now: float,  # noqa: ARG001 - as above
) -> tuple[Rows, object | None]:
    """Put `depth` and `blocks` before the columns, of which `pid` and `waits_for` (pids) are known here.

    `depth` is the distance from the nearest root, 0 for a root itself; None for those who wait in a circle or
    behind one. `blocks` is how many wait for this one, for its lock or its place in the queue. The
    root that holds up most comes first, and after it those who wait for it; each session stands once.
    """
    pid, waits_for = (rows.columns.index(name) for name in (_PID, _WAITS_FOR))
    by_pid: defaultdict[int, list[tuple[object, ...]]] = defaultdict(list)
    blockers: dict[int, frozenset[int]] = {}
    for row in rows.rows:
        number, ahead = row[pid], row[waits_for]
        if isinstance(number, int) and isinstance(ahead, list):
            by_pid[number].append(row)  # several prepared transactions are all pid 0
            if ahead:
                blockers[number] = frozenset(ahead)
    waiters = waiters_of(blockers)
    roots = _busiest([each for each in by_pid if each not in blockers], waiters)
    depths = dict.fromkeys(roots, 0)
    for steps, level in enumerate(levels(roots, waiters), start=1):
        depths |= dict.fromkeys(level, steps)
    circle = sorted(each for each in by_pid if each not in depths)
    lines = [
        (depths.get(each), len(waiters.get(each, ())), *row)
        for each in (*_ordered(roots, blockers, depths), *circle)
        for row in by_pid[each]
    ]
    return Rows(("depth", "blocks", *rows.columns), lines, rows.seconds), None


def _busiest(roots: Iterable[int], waiters: Mapping[int, set[int]]) -> list[int]:
    """Return the roots, who hold up most first. Holders of one shared lock are alike, and counted once."""
    alike = {root: frozenset(waiters.get(root, ())) for root in roots}
    behind = {direct: sum(map(len, levels([root], waiters))) for root, direct in alike.items()}
    return sorted(alike, key=lambda root: (-behind[alike[root]], root))


def _ordered(
    roots: Sequence[int], blockers: Mapping[int, frozenset[int]], depths: Mapping[int, int]
) -> Iterator[int]:
    """Yield each session after the one it stands below: the first of those a step nearer to a root."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    place = {root: number for number, root in enumerate(roots)}
    for pid in sorted(blockers):
        nearer = [other for other in blockers[pid] if depths.get(other) == depths.get(pid, 0) - 1]
        if nearer:
            below[min(nearer, key=lambda other: (place.get(other, 0), other))].append(pid)
    stack = list(reversed(roots))
    while stack:
        pid = stack.pop()
        yield pid
        stack.extend(reversed(below[pid]))
