"""Rules of the CRC-32 of joined bytes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checksum import joined


def parts(pieces: Sequence[bytes]) -> list[tuple[int, int]]:
    return [(zlib.crc32(piece), len(piece)) for piece in pieces]


@given(st.lists(st.binary(max_size=600)))
def test_the_checksum_of_joined_parts_is_that_of_their_bytes(pieces: Sequence[bytes]) -> None:
    assert joined(parts(pieces)) == zlib.crc32(b"".join(pieces))


@pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 0xABCDEF, 2**24, 2**24 + 1])
def test_every_byte_of_a_length_counts(length: int) -> None:
    pieces = [b"before", b"x" * length, b"after"]
    assert joined(parts(pieces)) == zlib.crc32(b"".join(pieces))


def test_nothing_joined_has_the_checksum_of_nothing() -> None:
    assert joined([]) == zlib.crc32(b"") == 0
