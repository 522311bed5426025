"""Rules of writing families as text 0.0.4, as OpenMetrics 1.0, and as gzip joined from ready pieces."""

from __future__ import annotations

import gzip
import math
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.model import Family, Histogram, MetricType, Number, Sample
from exporter.render import OPENMETRICS_END, fragment, gzip_stream, join, segment
from exporter.segments import Deflated

# What a parser must find: name, labels, and the value with its type.
Found = tuple[str, frozenset[tuple[str, str]], str]


def gauge(*samples: Sample, names: tuple[str, ...] = ("target",), name: str = "pg_things") -> Family:
    return Family(name, MetricType.GAUGE, "Things.", names, samples)


def body(family: Family) -> str:
    return fragment(family).body.plain.decode()


def headers(family: Family) -> tuple[str, str]:
    made = fragment(family)
    return made.text_header.plain.decode(), made.openmetrics_header.plain.decode()


def text_page(families: Iterable[Family]) -> str:
    made = [fragment(family) for family in families]
    return b"".join(one.text_header.plain + one.body.plain for one in made).decode()


def openmetrics_page(families: Iterable[Family]) -> str:
    made = [fragment(family) for family in families]
    pages = [one.openmetrics_header.plain + one.body.plain for one in made]
    return b"".join([*pages, OPENMETRICS_END.plain]).decode()


def deflated(*pieces: bytes) -> list[Deflated]:
    return [segment(piece).deflated for piece in pieces]


def parse_openmetrics(page: str) -> list[Metric]:
    # prometheus_client gives this function no types.
    return list(openmetrics_parser.text_string_to_metric_families(page))  # type: ignore[no-untyped-call]


def parsed(metrics: Iterable[Metric]) -> list[Found]:
    found = [sample for metric in metrics for sample in metric.samples]
    return sorted((s.name, frozenset(s.labels.items()), exact(s.value)) for s in found)


def exact(value: Number) -> str:
    """The value with its type, equal for two NaNs."""
    return f"{type(value).__name__} {value!r}"


def expected(families: Iterable[Family]) -> list[Found]:
    found = []
    for family in families:
        for sample in family.samples:
            labels = list(zip(family.label_names, sample.labels, strict=True))
            if not isinstance(sample.value, Histogram):
                found.append((family.name, frozenset(labels), exact(sample.value)))
                continue
            steps = zip(sample.value.bounds, sample.value.buckets, strict=True)
            for bound, count in [
                *((repr(bound), count) for bound, count in steps),
                ("+Inf", sample.value.count),
            ]:
                found.append((f"{family.name}_bucket", frozenset([*labels, ("le", bound)]), exact(count)))
            found.append((f"{family.name}_sum", frozenset(labels), exact(sample.value.sum)))
            found.append((f"{family.name}_count", frozenset(labels), exact(sample.value.count)))
    return sorted(found)


# A lone surrogate has no form in UTF-8; a test of its own is about it.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\"\n\r,{}= #'), max_size=8)
_COUNTS = st.integers(min_value=0, max_value=2**70)
_NUMBERS: dict[MetricType, st.SearchStrategy[Number]] = {
    MetricType.GAUGE: st.integers(-(2**80), 2**80) | st.floats(),
    MetricType.COUNTER: _COUNTS | st.floats(min_value=0, allow_nan=False),
}


@st.composite
def _histograms(draw: st.DrawFn) -> Histogram:
    bounds = sorted(draw(st.sets(st.floats(min_value=0, allow_infinity=False), max_size=4)))
    counts = sorted(draw(st.lists(_COUNTS, min_size=len(bounds) + 1, max_size=len(bounds) + 1)))
    total = draw(_COUNTS | st.floats(min_value=0, allow_nan=False))
    return Histogram(tuple(bounds), tuple(counts[:-1]), counts[-1], total)


@st.composite
def _families(draw: st.DrawFn) -> list[Family]:
    """One family of each type, with made-up labels and values; its series are unique."""
    made = []
    for name, kind in [
        ("pg_things", MetricType.GAUGE),
        ("pg_reads_total", MetricType.COUNTER),
        ("pg_ages_seconds", MetricType.HISTOGRAM),
        ("pg_version_info", MetricType.GAUGE),
    ]:
        names = ("target", "datname", "relname")[: draw(st.integers(0, 3))]
        value: st.SearchStrategy[Number | Histogram] = _histograms()
        if kind is not MetricType.HISTOGRAM:
            value = st.just(1) if name.endswith("_info") else _NUMBERS[kind]
        series = draw(st.dictionaries(st.tuples(*[_TEXTS] * len(names)), value, min_size=1, max_size=4))
        samples = tuple(Sample(labels, value) for labels, value in series.items())
        made.append(Family(name, kind, f"x{draw(_TEXTS)}x", names, samples))
    return made


@given(_families())
def test_a_text_page_reads_back_as_the_same_samples_and_descriptions(families: list[Family]) -> None:
    metrics = list(parse_text(text_page(families)))
    assert parsed(metrics) == expected(families)
    assert [metric.documentation for metric in metrics] == [family.help for family in families]
    assert [metric.type for metric in metrics] == ["gauge", "counter", "histogram", "gauge"]


@given(_families())
def test_an_openmetrics_page_reads_back_as_the_same_samples_and_descriptions(families: list[Family]) -> None:
    metrics = parse_openmetrics(openmetrics_page(families))
    assert parsed(metrics) == expected(families)
    assert [metric.documentation for metric in metrics] == [family.help for family in families]
    assert [metric.type for metric in metrics] == ["gauge", "counter", "histogram", "info"]


@pytest.fixture(scope="module")
def promtool() -> str:
    path = shutil.which("promtool")
    if path is None and os.environ.get("REQUIRE_PROMTOOL"):
        pytest.fail("REQUIRE_PROMTOOL is set, and promtool is not on the PATH")
    if path is None:
        pytest.skip("promtool is not on the PATH")
    return path


@settings(max_examples=25, deadline=None)
@given(families=_families())
def test_promtool_accepts_a_page(promtool: str, families: list[Family]) -> None:
    page = text_page(families)
    answer = subprocess.run(
        [promtool, "check", "metrics"], input=page.encode(), capture_output=True, check=False
    )
    assert (answer.returncode, answer.stderr.decode()) == (0, "")


@given(_histograms())
def test_a_histogram_s_buckets_only_grow_and_the_last_is_its_count(histogram: Histogram) -> None:
    family = Family("pg_ages_seconds", MetricType.HISTOGRAM, "Ages.", (), (Sample((), histogram),))
    (metric,) = parse_openmetrics(openmetrics_page([family]))
    *buckets, total, count = metric.samples
    assert (total.name, count.name) == ("pg_ages_seconds_sum", "pg_ages_seconds_count")
    assert [bucket.value for bucket in buckets] == sorted(bucket.value for bucket in buckets)
    assert (buckets[-1].labels["le"], buckets[-1].value) == ("+Inf", count.value)
    assert [float(bucket.labels["le"]) for bucket in buckets[:-1]] == list(histogram.bounds)


def test_a_histogram_has_canonical_bounds_and_its_labels_on_every_line() -> None:
    histogram = Histogram((0.5, 1), (2, 3), 4, 5.25)
    family = Family("pg_ages", MetricType.HISTOGRAM, "Ages.", ("target",), (Sample(("main",), histogram),))
    assert body(family).splitlines() == [
        'pg_ages_bucket{target="main",le="0.5"} 2',
        'pg_ages_bucket{target="main",le="1.0"} 3',
        'pg_ages_bucket{target="main",le="+Inf"} 4',
        'pg_ages_sum{target="main"} 5.25',
        'pg_ages_count{target="main"} 4',
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (2**63 - 1, "9223372036854775807"),
        (-(2**63), "-9223372036854775808"),
        (2**64 + 1, "18446744073709551617"),
        (0.1, "0.1"),
        (1.0, "1.0"),
        (1e300, "1e+300"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (True, "1"),
    ],
)
def test_a_value_is_written_exactly_and_in_prometheus_words(value: Number, text: str) -> None:
    assert body(gauge(Sample(("main",), value))) == f'pg_things{{target="main"}} {text}\n'


def test_integers_and_floats_may_stand_side_by_side_in_a_family() -> None:
    family = gauge(Sample(("a",), 2**63), Sample(("b",), 0.5))
    assert body(family) == 'pg_things{target="a"} 9223372036854775808\npg_things{target="b"} 0.5\n'


def test_a_family_without_labels_has_no_braces() -> None:
    assert body(gauge(Sample((), 1), names=())) == "pg_things 1\n"


def test_only_backslash_newline_and_quote_are_escaped_in_labels() -> None:
    family = gauge(
        Sample(('a\\b\nc"d', "plain"), 1), Sample(("é,{}=%s\r", ""), 2), names=("target", "datname")
    )
    assert body(family) == (
        'pg_things{target="a\\\\b\\nc\\"d",datname="plain"} 1\npg_things{target="é,{}=%s\r",datname=""} 2\n'
    )


def test_a_label_that_utf_8_cannot_hold_does_not_spoil_the_page() -> None:
    assert body(gauge(Sample(("a\udcff",), 1))) == 'pg_things{target="a?"} 1\n'


def test_descriptions_escape_quotes_in_openmetrics_only() -> None:
    text, openmetrics = headers(Family("pg_things", MetricType.GAUGE, 'a\\b\nc"d', (), ()))
    assert text == '# HELP pg_things a\\\\b\\nc"d\n# TYPE pg_things gauge\n'
    assert openmetrics == '# HELP pg_things a\\\\b\\nc\\"d\n# TYPE pg_things gauge\n'


@pytest.mark.parametrize(
    ("name", "kind", "text", "openmetrics"),
    [
        ("pg_reads_total", MetricType.COUNTER, "pg_reads_total counter", "pg_reads counter"),
        ("pg_reads", MetricType.COUNTER, "pg_reads counter", "pg_reads unknown"),
        ("pg_version_info", MetricType.GAUGE, "pg_version_info gauge", "pg_version info"),
        ("pg_information", MetricType.GAUGE, "pg_information gauge", "pg_information gauge"),
        ("pg_ages_seconds", MetricType.HISTOGRAM, "pg_ages_seconds histogram", "pg_ages_seconds histogram"),
    ],
)
def test_openmetrics_names_a_family_without_its_suffix(
    name: str, kind: MetricType, text: str, openmetrics: str
) -> None:
    assert headers(Family(name, kind, "Help.", (), ())) == (
        f"# HELP {text.split(maxsplit=1)[0]} Help.\n# TYPE {text}\n",
        f"# HELP {openmetrics.split(maxsplit=1)[0]} Help.\n# TYPE {openmetrics}\n",
    )


def test_a_counter_without_total_is_valid_in_openmetrics() -> None:
    family = Family("pg_reads", MetricType.COUNTER, "Reads.", (), (Sample((), 1),))
    assert parsed(parse_openmetrics(openmetrics_page([family]))) == expected([family])


@given(_families())
def test_a_fragment_counts_the_lines_of_its_body(families: list[Family]) -> None:
    for family in families:
        made = fragment(family)
        assert made.family == family.name
        assert made.samples == made.body.plain.count(b"\n")


@given(
    st.lists(st.binary(max_size=200) | st.binary(max_size=3).map(lambda piece: piece * 50_000), max_size=5)
)
def test_segments_join_to_one_gzip_member_of_the_same_bytes(pieces: Sequence[bytes]) -> None:
    stream = gzip_stream(deflated(*pieces))
    plain = b"".join(pieces)
    reader = zlib.decompressobj(31)
    assert reader.decompress(stream) == plain
    assert (reader.eof, reader.unused_data) == (True, b"")
    assert gzip.decompress(stream) == plain


def test_the_gzip_program_accepts_a_stream() -> None:
    stream = gzip_stream(deflated(b"# EOF\n" * 1000, b"", os.urandom(100_000)))
    assert subprocess.run(["gzip", "-t"], input=stream, capture_output=True, check=False).returncode == 0


def test_a_stream_of_nothing_is_valid_gzip() -> None:
    assert gzip.decompress(gzip_stream([])) == b""


def test_parts_may_join_in_any_order_and_more_than_once() -> None:
    first, second = deflated(b"a b a b a b", b"a b a b")
    assert gzip.decompress(gzip_stream([second, first, second])) == b"a b a ba b a b a ba b a b"


def test_what_is_joined_joins_again() -> None:
    first, second = deflated(b"a b a b a b", b"a b a b")
    assert (
        gzip.decompress(gzip_stream([join([first, second]), join([]), first]))
        == b"a b a b a ba b a ba b a b a b"
    )
