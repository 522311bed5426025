"""Owns the CRC-32 of joined bytes, computed from the CRC-32 and the length of each part.

A page of 3 MB takes longer to checksum than to serve, while the checksums of its parts are known since they
were made. Appending n zero bytes to anything changes its CRC-32 by a linear map over GF(2) that depends on n
only (plus a constant), and crc(A + B) = map of |B| (crc(A)) xor crc(B): the method of zlib's crc32_combine.
Here the maps are kept as tables of 4 KB: a length is cut into its lowest byte, the next one, and the rest.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import cache
from zlib import crc32

# What a map makes of each of the four bytes of a checksum, lowest first; their xor is what it makes of it.
_Map = tuple["array[int]", "array[int]", "array[int]", "array[int]"]


def joined(parts: Iterable[tuple[int, int]]) -> int:
    """Return the CRC-32 of bytes joined from parts, each given by its CRC-32 and its length in bytes."""
    checksum = 0
    for part, length in parts:
        for zeros in (length & 0xFF, length & 0xFF00, length & ~0xFFFF):
            if zeros:
                # As _apply does; a call would take half of the time.
                first, second, third, fourth = _map(zeros)
                checksum = (
                    first[checksum & 255]
                    ^ second[checksum >> 8 & 255]
                    ^ third[checksum >> 16 & 255]
                    ^ fourth[checksum >> 24]
                )
        checksum ^= part
    return checksum


@cache  # 510 for the two low bytes of a length, and one for each 64 KB that a part is long
def _map(zeros: int) -> _Map:
    """Return the map that appends so many zero bytes, made of two maps for fewer; the first is zlib's."""
    if zeros == 1:
        images = [crc32(b"\0", 1 << bit) ^ crc32(b"\0") for bit in range(32)]
    else:
        lowest = zeros & -zeros
        half = zeros // 2 if zeros == lowest else lowest
        images = [_apply(_map(half), _apply(_map(zeros - half), 1 << bit)) for bit in range(32)]
    return _table(images[:8]), _table(images[8:16]), _table(images[16:24]), _table(images[24:])


def _table(images: Iterable[int]) -> array[int]:
    """Return the image of each byte, from those of its eight bits."""
    values = [0]
    for image in images:
        values += [value ^ image for value in values]
    return array("I", values)


def _apply(table: _Map, checksum: int) -> int:
    first, second, third, fourth = table
    return (
        first[checksum & 255]
        ^ second[checksum >> 8 & 255]
        ^ third[checksum >> 16 & 255]
        ^ fourth[checksum >> 24]
    )
