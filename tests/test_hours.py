"""Rules for hours: windows put together, on clocks that are turned; checked against counting minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter import cron
from exporter.hours import Hours, ever_closes, ever_opens, is_open, next_change

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT, WORK = cron.parse("* 1-5 * * *"), cron.parse("* 8-17 * * mon-fri")
ALWAYS = cron.parse("* * * * *")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def change(hours: Hours, after: str, zone: ZoneInfo = BERLIN) -> str | None:
    """Return the next change in UTC."""
    found = next_change(hours, at(after), zone)
    return None if found is None else f"{datetime.fromtimestamp(found, UTC):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("hours", "clock", "expected"),
    [
        (Hours(), "12:00", True),
        (Hours(only=((NIGHT,),)), "00:59:59", False),
        (Hours(only=((NIGHT,),)), "01:00:00", True),
        (Hours(only=((NIGHT,),)), "05:59:59", True),
        (Hours(only=((NIGHT,),)), "06:00:00", False),
        (Hours(never=(NIGHT,)), "00:59:59", True),
        (Hours(never=(NIGHT,)), "01:00:00", False),
        (Hours(never=(NIGHT,)), "05:59:59", False),
        (Hours(never=(NIGHT,)), "06:00:00", True),
    ],
)
def test_only_opens_and_never_closes_from_its_first_minute_to_its_last(
    hours: Hours, clock: str, expected: bool
) -> None:
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    assert is_open(hours, at(f"2026-11-23T{clock}+01:00"), BERLIN) is expected


def test_one_list_of_windows_is_open_in_any_of_them_and_several_only_where_all_are() -> None:
    noon = at("2026-11-23T12:00:00+01:00")
    assert is_open(Hours(only=((NIGHT, WORK),)), noon, BERLIN)
    assert not is_open(Hours(only=((NIGHT,), (WORK,))), noon, BERLIN)
    assert not is_open(Hours(only=((NIGHT,),)) & Hours(only=((WORK,),)), noon, BERLIN)


def test_never_wins_over_only() -> None:
    noon = at("2026-11-23T12:00:00+01:00")
    assert not is_open(Hours(only=((WORK,),), never=(ALWAYS,)), noon, BERLIN)
    assert is_open(Hours(only=((WORK,),), never=(NIGHT,)), noon, BERLIN)


def test_the_next_change_is_the_first_minute_of_the_other_kind() -> None:
    hours = Hours(only=((NIGHT,),))
    assert change(hours, "2026-11-23T00:59:30+01:00") == "2026-11-23 00:00:00"
    assert change(hours, "2026-11-23T01:00:00+01:00") == "2026-11-23 05:00:00"
    assert change(hours, "2026-11-23T06:00:00+01:00") == "2026-11-24 00:00:00"
    assert change(hours, "2026-11-23T06:00:00+00:00", ZoneInfo("UTC")) == "2026-11-24 01:00:00"


def test_what_is_always_or_never_open_never_changes() -> None:
    assert change(Hours(), "2026-11-23T12:00:00+00:00") is None
    assert change(Hours(never=(ALWAYS,)), "2026-11-23T12:00:00+00:00") is None


def test_a_leap_day_is_waited_for_over_years() -> None:
    leap = Hours(only=((cron.parse("* * 29 2 *"),),))
    assert change(leap, "2026-11-23T12:00:00+00:00") == "2028-02-28 23:00:00"
    on_a_monday = leap & Hours(only=((cron.parse("* * * * mon"),),))
    assert change(on_a_monday, "2072-03-01T00:00:00+00:00", ZoneInfo("UTC")) == "2112-02-29 00:00:00"


def test_the_hour_that_does_not_come_opens_nothing() -> None:
    hours = Hours(only=((cron.parse("* 2 * * *"),),))
    assert change(hours, "2026-03-28T12:00:00+01:00") == "2026-03-30 00:00:00", "29 March has no 02:xx"
    assert not is_open(hours, at("2026-03-29T01:00:00+00:00"), BERLIN)
    from_half_past = Hours(only=((cron.parse("30-59 2 * * *"), cron.parse("* 3 * * *")),))
    assert change(from_half_past, "2026-03-29T00:00:00+01:00") == "2026-03-29 01:00:00"
    assert change(from_half_past, "2026-03-29T03:00:00+02:00") == "2026-03-29 02:00:00"


def test_the_hour_that_comes_twice_is_open_both_times() -> None:
    hours = Hours(only=((cron.parse("* 2 * * *"),),))
    assert change(hours, "2026-10-25T00:00:00+02:00") == "2026-10-25 00:00:00"
    assert change(hours, "2026-10-25T02:00:00+02:00") == "2026-10-25 02:00:00", "open for two hours"
    quarter = Hours(only=((cron.parse("0-14 2 * * *"),),))
    assert change(quarter, "2026-10-25T02:00:00+02:00") == "2026-10-25 00:15:00"
    assert change(quarter, "2026-10-25T02:15:00+02:00") == "2026-10-25 01:00:00", "it opens again"


@pytest.mark.parametrize(
    ("hours", "opens", "closes"),
    [
        (Hours(), True, False),
        (Hours(only=((NIGHT,),)), True, True),
        (Hours(only=((ALWAYS,),)), True, False),
        (Hours(never=(ALWAYS,)), False, True),
        (Hours(only=((NIGHT,), (WORK,))), False, True),
        (Hours(only=((NIGHT,),), never=(NIGHT,)), False, True),
        (Hours(only=((cron.parse("* 0-11 * * *"), cron.parse("* 12-23 * * *")),)), True, False),
        (Hours(only=((cron.parse("* * 29 2 *"),), (cron.parse("* * * * mon"),))), True, True),
    ],
)
def test_what_never_opens_and_what_never_closes_is_known_beforehand(
    hours: Hours, opens: bool, closes: bool
) -> None:
    assert (ever_opens(hours), ever_closes(hours)) == (opens, closes)


def some(low: int, high: int) -> st.SearchStrategy[str]:
    """Return a field of cron with values near each other, so that windows meet."""
    pairs = st.tuples(st.integers(low, high), st.integers(low, high)).map(sorted)
    ranges = pairs.map(lambda pair: f"{pair[0]}-{pair[1]}")
    return st.one_of(st.just("*"), ranges, st.sampled_from(["*/2", "*/3"]))


WINDOWS = st.builds(
    "{} {} {} * {}".format, some(0, 59), some(0, 4), st.one_of(st.just("*"), some(24, 30)), some(0, 7)
)
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago"]
)
# Around the days on which these clocks are turned, either way.
STARTS = st.sampled_from(["2026-03-07", "2026-03-28", "2026-04-04", "2026-09-05", "2026-10-03", "2026-10-24"])


def matches(text: str, local: datetime) -> bool:
    """Decide as crontab(5) describes it, field by field."""

    def has(field: str, value: int, low: int) -> bool:
        if field.startswith("*"):
            return (value - low) % int(field[2:] or 1) == 0
        first, last = map(int, field.split("-"))
        return first <= value <= last

    minute, hour, day, _, weekday = text.split()
    by_day = has(day, local.day, 1)
    sunday_is = [0, 7] if local.isoweekday() == 7 else [local.isoweekday()]
    by_weekday = any(has(weekday, number, 0) for number in sunday_is if number < 7 or weekday[0] != "*")
    both_restricted = not day.startswith("*") and not weekday.startswith("*")
    days = by_day or by_weekday if both_restricted else by_day and by_weekday
    return days and has(minute, local.minute, 0) and has(hour, local.hour, 0)


@given(
    only=st.lists(st.lists(WINDOWS, min_size=1, max_size=2), max_size=2),
    never=st.lists(WINDOWS, max_size=2),
    zone=ZONES,
    start=STARTS,
    offset=st.integers(0, 2 * 1440),
)
@settings(max_examples=60, deadline=None)
@example(only=[["0-29 2-2 * * *"]], never=[], zone="Australia/Lord_Howe", start="2026-04-04", offset=900)
def test_hours_agree_with_counting_the_minutes_one_by_one(
    only: list[list[str]], never: list[str], zone: str, start: str, offset: int
) -> None:
    parsed = Hours(tuple(tuple(map(cron.parse, windows)) for windows in only), tuple(map(cron.parse, never)))
    place = ZoneInfo(zone)
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC) + timedelta(minutes=offset)

    def expected(when: datetime) -> bool:
        local = when.astimezone(place)
        allowed = all(any(matches(each, local) for each in windows) for windows in only)
        return allowed and not any(matches(each, local) for each in never)

    assert is_open(parsed, moment.timestamp(), place) == expected(moment)
    found = next_change(parsed, moment.timestamp(), place)
    for minutes in range(1, 1440):
        later = moment + timedelta(minutes=minutes)
        if expected(later) != expected(moment):
            assert found == later.timestamp()
            return
    assert found is None or found >= (moment + timedelta(minutes=1440)).timestamp()
