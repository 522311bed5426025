"""Owns which jobs of a plan rest at a moment, and until when: pure."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

from exporter.hours import Hours, is_open, next_change
from exporter.model import JobKey, Query, Skip, SkipReason
from exporter.plan import Plan
from exporter.quiet import Timetable

_REMEDY = "its hours stand under quiet_hours, or in the header of its file"


def kept(plan: Plan, timetable: Timetable, now: float) -> tuple[Plan, float]:
    """Return the plan as it is at the Unix time `now`, and when that changes, infinity for never.

    Args:
        plan: all jobs that apply, whatever their hours.
        timetable: the hours on this target.
        now: Unix time in seconds.
    """
    active: dict[JobKey, Query] = {}
    resting: dict[JobKey, Query] = {}
    skipped: dict[JobKey, Skip] = dict(plan.skipped)
    changes: dict[Hours, float] = {}
    rests: dict[str, Skip | None] = {}  # a query has the same hours in each database
    for key, query in plan.active.items():
        if key.query not in rests:
            rests[key.query] = _rest(timetable.hours(query), timetable, now, changes)
        if (skip := rests[key.query]) is None:
            active[key] = query
        else:
            resting[key], skipped[key] = query, skip
    now_kept = replace(plan, active=active, skipped=skipped, resting=resting)
    return now_kept, min(changes.values(), default=math.inf)


def _rest(hours: Hours, timetable: Timetable, now: float, changes: dict[Hours, float]) -> Skip | None:
    """Return why a query with these hours does not run now, None when it does; note when that changes."""
    if not hours:
        return None
    if hours not in changes:
        changes[hours] = next_change(hours, now, timetable.zone) or math.inf
    if is_open(hours, now, timetable.zone):
        return None
    return Skip(SkipReason.WINDOW, _rests_until(changes[hours], now, timetable), _REMEDY)


def _rests_until(opens: float, now: float, timetable: Timetable) -> str:
    """Return in words until when a query rests: by the target's clock, with the date if not today."""
    if opens == math.inf:
        return "rests: its hours never let it run"
    today = datetime.fromtimestamp(now, UTC).astimezone(timetable.zone)
    then = datetime.fromtimestamp(opens, UTC).astimezone(timetable.zone)
    day = "" if then.date() == today.date() else f"{then:%Y-%m-%d} "
    return f"rests until {day}{then:%H:%M} {timetable.name}"
