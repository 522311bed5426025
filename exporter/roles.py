"""Owns what a load balancer is told of a target: primary, replica, or there at all; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Seconds after which what was seen of a server is no answer any more: three looks at its facts.
FRESH = 180.0
# The query and the metric that say how far a replica is behind.
LAG_QUERY, LAG = "standby_lag", "pg_replication_lag_seconds"


class Wanted(StrEnum):
    """What may be asked of a target."""

    PRIMARY = "primary"
    REPLICA = "replica"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a target without asking it. `seen_at` is Unix time, the lag of a replica seconds."""

    up: bool
    in_recovery: bool | None = None
    seen_at: float | None = None
    problem: str = ""
    lag: float | None = None


def verdict(wanted: Wanted, standing: Standing, now: float, max_lag: float | None = None) -> tuple[bool, str]:
    """Return whether the target is what was asked for, and in words what it is."""
    if not standing.up or standing.seen_at is None or standing.in_recovery is None:
        return False, f"down: {standing.problem or 'not reached yet'}"
    age = now - standing.seen_at
    words = "replica" if standing.in_recovery else "primary"
    if standing.in_recovery and standing.lag is not None:
        words += f", {standing.lag:.3g} s behind"
    words += f", seen {max(age, 0):.0f} s ago"
    if age > FRESH:
        return False, f"{words}: too long"
    if wanted is Wanted.REPLICA and standing.in_recovery and max_lag is not None:
        if standing.lag is None:
            return False, f"{words}: how far behind is not known"
        return standing.lag <= max_lag, words
    return wanted in (Wanted.HEALTHY, Wanted.REPLICA if standing.in_recovery else Wanted.PRIMARY), words
