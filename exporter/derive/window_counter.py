"""Owns counters kept over a sliding window of rows: what its buckets gained from one look to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.model import Rows

TOTAL = "total"
_WINDOW, _BUCKET, _EVENTS = "window_start", "bucket", "events"

# Buckets that left the window stay known for this long, in seconds: a server's clock that is set back brings
# them into the window again, and they must not count twice.
REMEMBERED = 7200

_Labels = tuple[object, ...]
_Bucket = tuple[_Labels, int]


@dataclass(frozen=True, slots=True)
class Window:
    """What one look leaves for the next.

    From `since` on (Unix time) all is known: a bucket that is not in `seen` was empty.
    """

    since: int
    seen: Mapping[_Bucket, int]
    totals: Mapping[_Labels, int]


def window_counter(
    rows: Rows,
    previous: object | None,
    now: float,  # noqa: ARG001 - the server's clock made the buckets; ours says nothing about them
) -> tuple[Rows, object | None]:
    """Derive a counter `total` for each set of labels: all columns but `window_start`, `bucket` and `events`.

    A row says that `events` happened in the bucket that begins at `bucket`; `window_start` is where the
    answer begins to be complete, itself the beginning of a bucket; both in seconds on one clock. A row
    without a bucket names labels that exist though nothing happened.

    What a bucket gained since the last look is added, so a row that is committed late counts as long as its
    bucket is in the window, and rows that are deleted take nothing away. The first look adds nothing: what
    it finds is old. The count is exact when the delay of commits and the time between two looks together are
    below the window, and no row is deleted within it; otherwise it is too low, never too high. A clock that
    is set forward or back in between costs the events of one interval at most.
    """
    names = tuple(name for name in rows.columns if name not in {_WINDOW, _BUCKET, _EVENTS})
    before = previous if isinstance(previous, Window) else None
    found, labels, start = _read(rows, names)
    if start is None:
        after = before
    elif before is None:
        after = Window(start, found, dict.fromkeys(labels, 0))
    else:
        after = _after(before, found, labels, start)
    totals = after.totals if after else {}
    lines = tuple((*one, totals[one]) for one in sorted(totals, key=str))
    return Rows((*names, TOTAL), lines, rows.seconds), after


def _after(before: Window, found: Mapping[_Bucket, int], labels: set[_Labels], start: int) -> Window:
    totals = Counter(dict(before.totals))
    totals.update(dict.fromkeys(labels, 0))
    for key, events in found.items():
        one, bucket = key
        if bucket >= before.since:
            totals[one] += max(0, events - before.seen.get(key, 0))
    since = max(min(before.since, start), start - REMEMBERED)
    left = {key: events for key, events in before.seen.items() if since <= key[1] < start}
    return Window(since, {**left, **found}, dict(totals))


def _read(rows: Rows, names: tuple[str, ...]) -> tuple[Mapping[_Bucket, int], set[_Labels], int | None]:
    """Return the events of each bucket, all labels there are, and where the window begins."""
    places = [rows.columns.index(name) for name in names]
    window, bucket, events = (rows.columns.index(name) for name in (_WINDOW, _BUCKET, _EVENTS))
    found: Counter[_Bucket] = Counter()
    labels: set[_Labels] = set()
    start: int | None = None
    for row in rows.rows:
        begins, at, many = row[window], row[bucket], row[events]
        if not isinstance(begins, int):
            continue
        start = begins
        one = tuple(row[place] for place in places)
        labels.add(one)
        if isinstance(at, int) and isinstance(many, int) and at >= begins:
            found[one, at] += many
    return found, labels, start
