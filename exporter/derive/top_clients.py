"""Owns which clients have a series of their own: the largest, and those that were among them not long ago."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from exporter.model import Rows

COLUMNS = ("client_id", "tokens")
OTHER = "_other"  # all that have no series of their own, and tokens that belong to no client
MOST = 20
STAY = 3600.0  # seconds
CUT = 5000  # clients that the query names at most


def top_clients(rows: Rows, previous: object | None, now: float) -> tuple[Rows, object | None]:
    """Derive the MOST largest of the clients in `client_id` and `tokens`, and OTHER for the rest.

    A row without a client is what others hold in sum, those included that the query cut off. Who falls
    out of the largest keeps the series for STAY seconds, at 0 when there is no token left, so that two
    clients of a size do not take turns; at most MOST of them, the latest. So there are 2 * MOST + 1 series
    at most, and they sum up to all tokens. An answer without a row says that clients cannot be told: then
    there is no series.
    """
    if not rows.rows:
        return Rows(COLUMNS, (), rows.seconds), None
    counts, rest = _read(rows)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    known = previous if isinstance(previous, dict) else {}
    # Of somebody who stayed but was cut off by the query nothing is known: that is not 0.
    remembered = {name: at for name, at in known.items() if name in counts or len(counts) < CUT}
    latest = {**_staying(remembered, ranked[:MOST], now), **dict.fromkeys(ranked[:MOST], now)}
    lines = [(name, counts[name]) for name in sorted(latest, key=lambda name: (-counts[name], name))]
    other = rest + sum(counts.values()) - sum(count for _, count in lines)
    return Rows(COLUMNS, (*lines, (OTHER, other)), rows.seconds), latest


def _staying(known: Mapping[str, float], largest: Collection[str], now: float) -> dict[str, float]:
    """Return those who left the largest and when they were last among them; no time is later than now."""
    left = {name: min(at, now) for name, at in known.items() if name not in largest and now - at < STAY}
    return {name: left[name] for name in sorted(left, key=lambda name: (-left[name], name))[:MOST]}


def _read(rows: Rows) -> tuple[Counter[str], int]:
    """Return the tokens of each client, and those of nobody who can be named."""
    client, tokens = (rows.columns.index(name) for name in COLUMNS)
    counts: Counter[str] = Counter()
    rest = 0
    for row in rows.rows:
        name, count = row[client], row[tokens]
        if not isinstance(count, int):
            continue
        if isinstance(name, str) and name != OTHER:
            counts[name] += count
        else:
            rest += count
    return counts, rest
