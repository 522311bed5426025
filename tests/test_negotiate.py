"""What a scraper gets for the headers it sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.negotiate import Coding, wanted_coding, wanted_format
from exporter.render import Format

# As Debian's Prometheus 2.42 sends it.
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
# As scrape/scrape.go of Prometheus 3 writes it: five protocols, the new ones of which can escape names.
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
# With native histograms, and with `scrape_protocols` of the text formats only.
PROMETHEUS_3_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROMETHEUS_3_TEXT = (
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4"
)
TEXT_FIRST = "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.2,*/*;q=0.1"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
TEXT, OPENMETRICS = Format.TEXT, Format.OPENMETRICS


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        (PROMETHEUS_3_PROTOBUF, OPENMETRICS),
        (PROMETHEUS_3_TEXT, TEXT),
        (TEXT_FIRST, TEXT),
        (BROWSER, TEXT),
        ("", TEXT),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=1.0.0", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"; charset=utf-8', OPENMETRICS),
        ("APPLICATION/OpenMetrics-Text;Version=1.0.0;Q=0.5", OPENMETRICS),
        ("application/openmetrics-text,*/*", OPENMETRICS),
        ("application/openmetrics-text;q=0.5,*/*", TEXT),
        ("application/openmetrics-text;version=2.0.0,*/*;q=0.1", TEXT),
        ("application/openmetrics-text;q=high,text/plain", TEXT),
        ("text/plain;q=0,*/*", None),
        ("text/plain;q=0,application/openmetrics-text", OPENMETRICS),
        ("image/png", None),
        ("application/json, text/html", None),
        ("application/openmetrics-text;version=2.0.0", None),
        ("application/openmetrics-text;q=0", None),
        ("*/*;q=0", None),
        ("rubbish", TEXT),
        (",;,", TEXT),
        ('image/png;a="x,text/plain", image/gif', None),
    ],
)
def test_openmetrics_is_for_those_who_prefer_it_by_name_and_nothing_for_who_takes_neither(
    accept: str, expected: Format | None
) -> None:
    assert wanted_format(accept) is expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("gzip", Coding.GZIP),
        ("gzip, deflate, br", Coding.GZIP),
        ("GZIP;q=0.5", Coding.GZIP),
        ("x-gzip", Coding.GZIP),
        ("*", Coding.GZIP),
        ("gzip, identity", Coding.GZIP),
        ("gzip;q=0.5, identity;q=0.4", Coding.GZIP),
        ("gzip;q=0.4, identity;q=0.5", Coding.IDENTITY),
        ("identity;q=0, gzip", Coding.GZIP),
        ("identity;q=0, *", Coding.GZIP),
        ("gzip, *;q=0", Coding.GZIP),
        (None, Coding.IDENTITY),
        ("", Coding.IDENTITY),
        ("identity", Coding.IDENTITY),
        ("br", Coding.IDENTITY),
        ("gzip;q=0", Coding.IDENTITY),
        ("gzip;q=0, *", Coding.IDENTITY),
        ("gzip;q=nan", Coding.IDENTITY),
        ("identity, *;q=0", Coding.IDENTITY),
        ("identity;q=0", None),
        ("gzip;q=0, identity;q=0", None),
        ("*;q=0", None),
        ("br, *;q=0", None),
    ],
)
def test_a_page_is_compressed_for_those_who_like_gzip_at_least_as_much(
    accept_encoding: str | None, expected: Coding | None
) -> None:
    assert wanted_coding(accept_encoding) is expected


QUALITY = st.one_of(st.none(), st.integers(0, 1000).map(lambda thousandth: thousandth / 1000))
MEDIA = st.sampled_from(
    [
        "application/openmetrics-text;version=1.0.0",
        "application/openmetrics-text",
        "text/plain;version=0.0.4",
        "text/plain",
        "image/png",
        "application/json",
    ]
)
SPACE = st.sampled_from(["", " ", "\t", "  "])


@given(st.lists(st.tuples(MEDIA, QUALITY), min_size=1, max_size=6), SPACE, st.randoms())
def test_the_order_and_the_blanks_of_a_header_mean_nothing(
    alternatives: list[tuple[str, float | None]], space: str, shuffler: object
) -> None:
    written = [
        media.replace(";", f"{space};{space}") + ("" if quality is None else f";{space}q={quality:g}")
        for media, quality in alternatives
    ]
    first = wanted_format(",".join(written))
    shuffler.shuffle(written)  # type: ignore[attr-defined]  # it is a random.Random
    assert wanted_format(f"{space},{space}".join(written)) is first
    best = {
        kind: max(
            (1.0 if q is None else q for media, q in alternatives if media.startswith(kind)), default=0.0
        )
        for kind in ("application/openmetrics-text", "text/plain")
    }
    openmetrics, text = best.values()
    expected = OPENMETRICS if openmetrics >= text else TEXT
    assert first is (expected if max(openmetrics, text) > 0 else None)


@given(st.text(max_size=200))
def test_no_header_whatsoever_breaks_anything(header: str) -> None:
    assert wanted_format(header) in {*Format, None}
    assert wanted_coding(header) in {*Coding, None}


@given(st.text(max_size=100))
def test_what_a_scraper_adds_as_its_last_resort_is_never_refused(header: str) -> None:
    """Whatever comes before it, as long as that does not name text and refuse it."""
    before = header.replace('"', "").replace("q", "").replace("Q", "")
    assert wanted_format(f"{before},*/*;q=0.1") is not None
