"""Owns how a family is written: text format 0.0.4, OpenMetrics 1.0 text, and gzip joined from ready pieces.

Pure. Both formats share one body; only the headers differ. A page is a join of segments, each compressed when
it is made, so that a scrape compresses nothing.

Sources: prometheus.io "Exposition formats", the OpenMetrics 1.0 specification, RFC 1951 (deflate) and
RFC 1952 (gzip).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import chain

from exporter.checksum import joined
from exporter.model import Family, Histogram, MetricType, Number
from exporter.segments import Deflated, Fragment, Segment

# Method deflate, no flags, no time, fastest level, system unknown.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
# A final block with nothing in it but its end; full flushes leave every segment at a byte's edge.
_LAST_BLOCK = b"\x03\x00"

# How Prometheus writes what Python writes otherwise; a bool is an int to Python.
_WORDS = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN", "True": "1", "False": "0"}


# Names and values.
Labels = tuple[tuple[str, str], ...]


class Format(StrEnum):
    """The two formats that a page can have."""

    TEXT = "text"
    OPENMETRICS = "openmetrics"


def segment(plain: bytes) -> Segment:
    """Return the bytes with their compressed form."""
    deflate = zlib.compressobj(level=1, wbits=-zlib.MAX_WBITS)
    data = deflate.compress(plain) + deflate.flush(zlib.Z_FULL_FLUSH)
    return Segment(plain, Deflated(data, zlib.crc32(plain), len(plain)))


OPENMETRICS_END = segment(b"# EOF\n")


def join(parts: Sequence[Deflated]) -> Deflated:
    """Return the compressed form of the joined bytes, without compressing or reading any of them."""
    return Deflated(b"".join([part.data for part in parts]), *_sums(parts))


def gzip_stream(parts: Sequence[Deflated]) -> bytes:
    """Return the parts as one gzip member; of several, browsers and curl read only the first."""
    checksum, length = _sums(parts)
    trailer = struct.pack("<LL", checksum, length & 0xFFFFFFFF)
    return b"".join([_GZIP_HEADER, *[part.data for part in parts], _LAST_BLOCK, trailer])


def _sums(parts: Sequence[Deflated]) -> tuple[int, int]:
    """Return the CRC-32 and the length of what the joined parts inflate to."""
    sums = [(part.checksum, part.length) for part in parts]
    return joined(sums), sum(length for _, length in sums)


def fragment(family: Family, labels: Labels = ()) -> Fragment:
    """Render a family; `labels` are further ones that all its samples have.

    Label values that UTF-8 cannot hold get question marks in their place.
    """
    pairs = _pairs(family.label_names, labels)
    lines = (_histogram_lines if family.type is MetricType.HISTOGRAM else _plain_lines)(family, pairs)
    text, openmetrics = _headers(family.name, family.type, family.help)
    body = segment("".join(lines).encode(errors="replace"))
    return Fragment(family.name, text, openmetrics, body, len(lines))


@lru_cache(maxsize=4096)
def _headers(name: str, kind: MetricType, description: str) -> tuple[Segment, Segment]:
    """Return a family's headers in the text format and in OpenMetrics; they are the same in every run."""
    text = f"# HELP {name} {_escape(description)}\n# TYPE {name} {kind}\n"
    base, type_ = _openmetrics_name(name, kind)
    openmetrics = f"# HELP {base} {_escape_quotes(description)}\n# TYPE {base} {type_}\n"
    return segment(text.encode(errors="replace")), segment(openmetrics.encode(errors="replace"))


def _openmetrics_name(name: str, kind: MetricType) -> tuple[str, str]:
    """Return the family's name and type in OpenMetrics, where suffixes belong to samples, not to families.

    A counter without `_total` (as some exporters have them) is no counter there, so its type is unknown.
    """
    if kind is MetricType.COUNTER:
        return (name.removesuffix("_total"), "counter") if name.endswith("_total") else (name, "unknown")
    if kind is MetricType.GAUGE and name.endswith("_info"):
        return name.removesuffix("_info"), "info"
    return name, str(kind)


@lru_cache(maxsize=4096)
def _pairs(names: tuple[str, ...], labels: Labels) -> str:
    """Return the labels of a line as a template; those that are always the same follow the target's."""
    own = [f'{name}="%s"' for name in names]
    after = own.index('target="%s"') + 1 if "target" in names else 0
    constant = [f'{name}="{_escape_quotes(value)}"'.replace("%", "%%") for name, value in labels]
    return ",".join([*own[:after], *constant, *own[after:]])


def _plain_lines(family: Family, pairs: str) -> list[str]:
    line = f"{family.name}{{{pairs}}} %s\n" if pairs else f"{family.name} %s\n"
    values = _numbers([sample.value for sample in family.samples])
    return [line % (*labels, value) for labels, value in zip(_escaped(family), values, strict=True)]


def _histogram_lines(family: Family, pairs: str) -> list[str]:
    """Return the lines of each histogram: its buckets with +Inf, which is the count, then sum and count."""
    lines = []
    for sample, labels in zip(family.samples, _escaped(family), strict=True):
        if not isinstance(sample.value, Histogram):
            continue
        own = pairs % labels
        start, block = (f"{own},", f"{{{own}}}") if own else ("", "")
        bounds = [*map(_number, map(float, sample.value.bounds)), "+Inf"]
        counts = [*sample.value.buckets, sample.value.count]
        lines += [
            f'{family.name}_bucket{{{start}le="{bound}"}} {count}\n'
            for bound, count in zip(bounds, counts, strict=True)
        ]
        lines.append(f"{family.name}_sum{block} {_number(sample.value.sum)}\n")
        lines.append(f"{family.name}_count{block} {sample.value.count}\n")
    return lines


def _escaped(family: Family) -> list[tuple[str, ...]]:
    """Return each sample's labels, escaped; most families need none, and no value is done twice."""
    labels = [sample.labels for sample in family.samples]
    together = "".join(chain.from_iterable(labels))
    if not ('"' in together or "\\" in together or "\n" in together):
        return labels
    escaped = {value: _escape_quotes(value) for value in set(chain.from_iterable(labels))}
    return [tuple(map(escaped.__getitem__, series)) for series in labels]


def _escape_quotes(text: str) -> str:
    return _escape(text).replace('"', r"\"")


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _numbers(values: Sequence[Number | Histogram]) -> Sequence[object]:
    """Return the values as `%s` must get them: integers as they are, the rest in Prometheus' words."""
    if {*map(type, values)} == {int}:
        return values
    return [_WORDS.get(text, text) for text in map(repr, values)]


def _number(value: Number) -> str:
    """Write every digit of an integer, and of a float as many as make it exact."""
    text = repr(value)
    return _WORDS.get(text, text)
