"""What a scraper gets for the headers it sends."""

import pytest

from exporter.negotiate import wanted_format, wants_gzip
from exporter.render import Format

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3_TEXT = (
    "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.2,*/*;q=0.1"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (PROMETHEUS_2, Format.OPENMETRICS),
        (PROMETHEUS_3_TEXT, Format.TEXT),
        (BROWSER, Format.TEXT),
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"; charset=utf-8', Format.OPENMETRICS),
        ("application/openmetrics-text;version=2.0.0", Format.TEXT),
        ("application/openmetrics-text;q=0", Format.TEXT),
        ("application/openmetrics-text;q=high,text/plain", Format.TEXT),
    ],
)
def test_openmetrics_is_served_only_to_those_who_prefer_it(accept: str, expected: Format) -> None:
    assert wanted_format(accept) is expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
    ],
)
def test_a_page_is_compressed_only_for_those_who_accept_gzip(accept_encoding: str, expected: bool) -> None:
    assert wants_gzip(accept_encoding) is expected
