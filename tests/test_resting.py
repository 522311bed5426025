"""Rules for which jobs rest at a moment, and for what is said of them."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from exporter import cron
from exporter.hours import Hours
from exporter.model import JobKey, Query, Skip, SkipReason
from exporter.plan import Plan
from exporter.quiet import Timetable
from exporter.resting import kept

BERLIN = Timetable("Europe/Berlin", ZoneInfo("Europe/Berlin"))
NIGHTLY, DAILY = JobKey("nightly", "main"), JobKey("daily", "main")


def query(name: str, only: str = "") -> Query:
    windows = ((cron.parse(only),),) if only else ()
    return Query(name, "test", "", 15.0, 2.0, (), (), (), "", hours=Hours(only=windows))


NIGHT = query("nightly", "* 1-5 * * *")
PLAN = Plan(
    {NIGHTLY: NIGHT, DAILY: query("daily")},
    {JobKey("other", "main"): Skip(SkipReason.VERSION, "is for others")},
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_job_runs_in_its_hours_and_rests_outside_of_them() -> None:
    inside, until = kept(PLAN, BERLIN, at("2026-11-23T05:59:59+01:00"))
    assert (inside.active, inside.resting, inside.skipped) == (PLAN.active, {}, PLAN.skipped)
    assert until == at("2026-11-23T06:00:00+01:00")
    outside, until = kept(PLAN, BERLIN, at("2026-11-23T06:00:00+01:00"))
    assert (set(outside.active), outside.resting) == ({DAILY}, {NIGHTLY: NIGHT})
    assert until == at("2026-11-24T01:00:00+01:00")


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("2026-11-23T00:59:59+01:00", "rests until 01:00 Europe/Berlin"),
        ("2026-11-23T06:00:00+01:00", "rests until 2026-11-24 01:00 Europe/Berlin"),
        ("2026-03-28T06:00:00+01:00", "rests until 2026-03-29 01:00 Europe/Berlin"),
    ],
)
def test_a_job_that_rests_says_until_when_by_the_clock_of_its_target(moment: str, says: str) -> None:
    skip = kept(PLAN, BERLIN, at(moment))[0].skipped[NIGHTLY]
    assert (skip.reason, skip.detail) == (SkipReason.WINDOW, says)


def test_a_job_that_never_runs_says_so() -> None:
    never = Query(
        "nightly", "test", "", 15.0, 2.0, (), (), (), "", hours=Hours(never=(cron.parse("* * * * *"),))
    )
    plan, until = kept(Plan({NIGHTLY: never}), BERLIN, 0.0)
    assert plan.skipped[NIGHTLY].detail == "rests: its hours never let it run"
    assert until == math.inf


def test_without_hours_nothing_changes() -> None:
    plan = Plan({DAILY: query("daily")})
    assert kept(plan, BERLIN, 0.0) == (plan, math.inf)


def test_a_query_rests_in_all_its_databases() -> None:
    jobs = [JobKey("nightly", "main", name) for name in ("a", "b")]
    plan, _ = kept(Plan(dict.fromkeys(jobs, NIGHT)), BERLIN, at("2026-11-23T12:00:00+01:00"))
    assert set(plan.resting) == set(plan.skipped) == set(jobs)
