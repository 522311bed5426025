"""Owns the bytes that a page is joined from, plain and compressed; types only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deflated:
    """Raw deflate ended by a full flush, so that it joins; CRC-32 and length of what it inflates to."""

    data: bytes
    checksum: int
    length: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes of a page, and the same bytes compressed."""

    plain: bytes
    deflated: Deflated


@dataclass(frozen=True, slots=True)
class Fragment:
    """One family of one run as bytes. Headers differ by format, the body is the same in both."""

    family: str
    text_header: Segment
    openmetrics_header: Segment
    body: Segment
    samples: int
