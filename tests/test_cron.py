"""Rules for windows as cron writes them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import cron


def matches(window: cron.Window, day: str, clock: str) -> bool:
    """Tell whether a minute is in the window; weekdays of dates are the calendar's own."""
    on = date.fromisoformat(day)
    hour, minute = map(int, clock.split(":"))
    bits = window.on(on.month, on.day, on.isoweekday() % 7)
    return bool(bits >> (hour * 60 + minute) & 1)


# 2026-11-23 is a Monday.
@pytest.mark.parametrize(
    ("text", "day", "inside", "outside"),
    [
        ("* 1-5 * * *", "2026-11-23", ("01:00", "05:59"), ("00:59", "06:00")),
        ("30-59 22 * * *", "2026-11-23", ("22:30", "22:59"), ("22:29", "23:00")),
        ("* 22-23,0-5 * * *", "2026-11-23", ("22:00", "23:59", "00:00", "05:59"), ("21:59", "06:00")),
        ("*/20 * * * *", "2026-11-23", ("07:00", "07:20", "07:40"), ("07:19", "07:21", "07:59")),
        ("10-50/15 * * * *", "2026-11-23", ("07:10", "07:25", "07:40"), ("07:09", "07:11", "07:55")),
        ("5,7 3 * * *", "2026-11-23", ("03:05", "03:07"), ("03:04", "03:06", "03:08", "04:05")),
        ("0 0 * * *", "2026-11-23", ("00:00",), ("00:01", "23:59")),
    ],
)
def test_hours_and_minutes_begin_and_end_to_the_minute(
    text: str, day: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    window = cron.parse(text)
    assert all(matches(window, day, clock) for clock in inside)
    assert not any(matches(window, day, clock) for clock in outside)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("* * 23 * *", ("2026-11-23", "2026-12-23"), ("2026-11-22", "2026-11-24")),
        ("* * * 11 *", ("2026-11-01", "2026-11-30"), ("2026-10-31", "2026-12-01")),
        ("* * * NOV-dec *", ("2026-11-01", "2026-12-31"), ("2026-10-31", "2027-01-01")),
        ("* * * * 1", ("2026-11-23",), ("2026-11-22", "2026-11-24")),
        ("* * * * Mon-Fri", ("2026-11-23", "2026-11-27"), ("2026-11-22", "2026-11-28")),
        ("* * * * 0", ("2026-11-22",), ("2026-11-21", "2026-11-23")),
        ("* * * * 7", ("2026-11-22",), ("2026-11-21", "2026-11-23")),
        ("* * * * sat-sun", ("2026-11-21", "2026-11-22"), ("2026-11-20", "2026-11-23")),
        ("* * * * sun", ("2026-11-22",), ("2026-11-21", "2026-11-23")),
        ("* * * * sun-tue", ("2026-11-22", "2026-11-24"), ("2026-11-21", "2026-11-25")),
        ("* * 29 2 *", ("2028-02-29",), ("2027-02-28", "2027-03-01")),
    ],
)
def test_days_and_months_can_be_numbers_and_names(
    text: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    window = cron.parse(text)
    assert all(matches(window, day, "12:00") for day in inside)
    assert not any(matches(window, day, "12:00") for day in outside)


def test_where_both_fields_of_days_are_restricted_one_of_them_is_enough() -> None:
    window = cron.parse("* * 13 * fri")
    assert matches(window, "2026-11-13", "12:00"), "Friday the 13th"
    assert matches(window, "2026-11-20", "12:00"), "another Friday"
    assert matches(window, "2026-12-13", "12:00"), "a Sunday, the 13th"
    assert not matches(window, "2026-12-14", "12:00")


def test_a_field_of_days_that_begins_with_a_star_has_to_fit_too() -> None:
    window = cron.parse("* * */2 * fri")
    assert matches(window, "2026-11-13", "12:00"), "a Friday on an odd day"
    assert not matches(window, "2026-11-20", "12:00"), "a Friday on an even day"
    assert not matches(window, "2026-11-15", "12:00"), "an odd day that is no Friday"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("60 * * * *", "minute: must be from 0 to 59"),
        ("* 24 * * *", "hour: must be from 0 to 23"),
        ("* * 0 * *", "day of month: must be from 1 to 31"),
        ("* * 32 * *", "day of month: must be from 1 to 31"),
        ("* * * 13 *", "month: must be from 1 to 12, or jan to dec"),
        ("* * * * 8", "day of week: must be from 0 to 7, or sun to sat"),
        ("* * * * funday", "day of week: must be from 0 to 7"),
        ("jan * * * *", "minute: must be from 0 to 59"),
        ("* 22-5 * * *", "hour: a range goes upwards"),
        ("*/0 * * * *", "minute: a step must be at least 1"),
        ("5/10 * * * *", "minute: a step is of a range"),
        ("1,,2 * * * *", "minute: must be *, numbers"),
        ("1-2-3 * * * *", "minute: must be *, numbers"),
        ("-1 * * * *", "minute: must be *, numbers"),
        ("* * 31 2 *", "no day of any year"),
        ("* * 30-31 feb *", "no day of any year"),
        ("* * 31 4,6,9,11 *", "no day of any year"),
    ],
)
def test_what_is_no_window_or_can_never_open_is_a_fault(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("*", r"\*")):
        cron.parse(text)


def test_the_last_days_of_months_can_come() -> None:
    for text in ("* * 29 2 *", "* * 31 1,2 *", "* * 30 4 *", "* * 31 2 mon"):
        cron.parse(text)


@given(st.text(max_size=30))
def test_no_text_makes_anything_but_a_window_or_a_fault(text: str) -> None:
    try:
        window = cron.parse(text)
    except ValueError:
        return
    assert window.minutes > 0
