"""Rules for durations, as they are written in every file that people edit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("1ms", 0.001),
        ("15s", 15.0),
        ("1m30s", 90.0),
        ("1m500ms", 60.5),
        ("2h", 7200.0),
        ("1d12h", 129600.0),
        ("1d2h3m4s5ms", 93784.005),
        (" 5s ", 5.0),
        ("0s", 0.0),
        ("90s", 90.0),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "15",
        "s",
        "1.5s",
        "-1s",
        "+1s",
        "15 s",
        "15S",
        "15sec",
        "5s1m",
        "1s1s",
        "1w",
        "1y",
        "5s,",
        "ms",
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 15s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.0004, "0s"),
        (0.0006, "1ms"),
        (0.25, "250ms"),
        (59.9996, "1m"),
        (60.0, "1m"),
        (90.0, "1m30s"),
        (86400.0, "1d"),
        (90061.001, "1d1h1m1s1ms"),
    ],
)
def test_a_duration_is_written_in_the_largest_units_to_a_millisecond(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=10**12))
def test_what_is_written_reads_back_to_the_millisecond(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert round(parse_duration(format_duration(seconds)) * 1000) == milliseconds


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert seconds >= 0
