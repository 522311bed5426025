"""Owns compressed files: whether gzip, xz, zstd and lz4 are complete, and the first and last bytes inside.

gzip and xz are decompressed as long as they are not large; zstd and lz4, which the standard library does not
know, are walked through from block to block.

Sources: RFC 1952 (gzip), "The .xz File Format" 1.2.1, RFC 8878 (zstd), "LZ4 Frame Format Description" 1.6.4.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from exporter.backup_reader import CutError, Reader

# A larger gzip is not decompressed, nor one with more in it: it would keep a core busy for more than some ten
# seconds. For xz, which is slower, both limits are a quarter.
LARGEST = 2**30
_LONGEST = 4 * 2**30
_XZ_SHARE = 4
_PIECE = 2**16
_MOST_AT_ONCE = 2**20
_HEAD, _TAIL = 1024, 4096
# What `xz -9` needs, and a little more.
_XZ_MEMORY = 70 * 2**20
_GZIP_TRAILER = 8
_XZ_FOOTER = 12


@dataclass(frozen=True, slots=True)
class Content:
    """The first bytes of what is compressed, and the last ones; None is not looked at."""

    head: bytes | None
    tail: bytes | None


UNSEEN = Content(None, None)


def is_compressed(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is of one of the four kinds."""
    return any(head.startswith(magic) for magic in _CHECKS)


def content(reader: Reader, largest: int = LARGEST) -> Content:
    """Return what is inside a compressed file; `reader` stands at its start.

    A file of more than `largest` bytes is not decompressed.

    Raises:
        CutError: it is not complete, or damaged.
        StoppedError: see Reader.
    """
    head = reader.file.read(8)
    reader.file.seek(-len(head), 1)
    for magic, check in _CHECKS.items():
        if head.startswith(magic):
            return check(reader, largest)
    raise CutError


def _gzip(reader: Reader, largest: int) -> Content:
    if reader.size > largest:
        # A hole at the end is all that can be seen: checksum and length say nothing without the data.
        if not any(reader.last(_GZIP_TRAILER)):
            raise CutError
        return _start(_gunzip(reader))
    return _ends(_gunzip(reader), reader, _LONGEST)


def _xz(reader: Reader, largest: int) -> Content:
    _check_xz_end(reader)
    try:
        if reader.size > largest // _XZ_SHARE:
            return _start(_unxz(reader))
        return _ends(_unxz(reader), reader, _LONGEST // _XZ_SHARE)
    except MemoryError:
        return UNSEEN


def _start(pieces: Iterator[bytes]) -> Content:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    return Content(head[:_HEAD], None)


def _ends(pieces: Iterator[bytes], reader: Reader, longest: int) -> Content:
    head, tail, length = b"", b"", 0
    for piece in pieces:
        reader.look()
        if len(head) < _HEAD:
            head = (head + piece)[:_HEAD]
        tail = piece[-_TAIL:] if len(piece) >= _TAIL else (tail + piece)[-_TAIL:]
        length += len(piece)
        if length > longest:
            return Content(head, None)
    return Content(head, tail)


def _gunzip(reader: Reader) -> Iterator[bytes]:
    """Yield what all members hold; zeros between and after them are padding, as gzip has it."""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while data := reader.file.read(_PIECE):
            if member.eof and not (data := data.lstrip(b"\0")):
                continue
            while data:
                if member.eof:
                    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                yield member.decompress(data, _MOST_AT_ONCE)
                data = member.unused_data.lstrip(b"\0") if member.eof else member.unconsumed_tail
        yield member.flush()
    except zlib.error:
        raise CutError from None
    if not member.eof:
        raise CutError


def _unxz(reader: Reader) -> Iterator[bytes]:
    """Yield what all streams hold; raises MemoryError when that takes more than we want to spend."""
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
    data = reader.file.read(_PIECE)
    try:
        while data or not stream.eof:
            if stream.eof:
                stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
            yield stream.decompress(data, _MOST_AT_ONCE)
            data = b""
            if stream.eof:
                data = (stream.unused_data or reader.file.read(_PIECE)).lstrip(b"\0")
            elif stream.needs_input and not (data := reader.file.read(_PIECE)):
                raise CutError
    except lzma.LZMAError as error:
        if "limit" in str(error):  # nothing else tells it from damage
            raise MemoryError from None
        raise CutError from None


def _check_xz_end(reader: Reader) -> None:
    """See that the file ends in the footer and the index of an xz stream; their checksums prove them."""
    footer = reader.last(_XZ_FOOTER)
    size = (int.from_bytes(footer[4:8], "little") + 1) * 4
    if (
        footer[10:] != b"YZ"
        or zlib.crc32(footer[4:10]) != int.from_bytes(footer[:4], "little")
        or size > reader.size
    ):
        raise CutError
    index = reader.last(_XZ_FOOTER + size)[:size]
    if index[0] or zlib.crc32(index[:-4]) != int.from_bytes(index[-4:], "little"):
        raise CutError


def _zstd(reader: Reader, _largest: int) -> Content:
    while not reader.is_at_end():
        magic = reader.exactly(4)
        if _is_skippable(magic):
            reader.skip(reader.number(4))
        elif magic == _ZSTD_MAGIC:
            _zstd_frame(reader)
        else:
            raise CutError
    return UNSEEN


def _zstd_frame(reader: Reader) -> None:
    descriptor = reader.number(1)
    is_single = bool(descriptor & 0x20)
    length = (int(is_single), 2, 4, 8)[descriptor >> 6]
    reader.skip((not is_single) + (0, 1, 2, 4)[descriptor & 3] + length)
    is_last = False
    while not is_last:
        block = reader.number(3)
        is_last, kind = bool(block & 1), block >> 1 & 3
        if kind == 3:  # noqa: PLR2004 - the kind that is reserved
            raise CutError
        reader.skip(1 if kind == 1 else block >> 3)  # 1 is one byte, many times
        reader.step()
    reader.skip(4 if descriptor & 4 else 0)


def _lz4(reader: Reader, _largest: int) -> Content:
    while not reader.is_at_end():
        magic = reader.exactly(4)
        if _is_skippable(magic):
            reader.skip(reader.number(4))
        elif magic == _LZ4_MAGIC:
            _lz4_frame(reader)
        else:
            raise CutError
    return UNSEEN


def _lz4_frame(reader: Reader) -> None:
    flags = reader.number(1)
    reader.skip(1 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0) + 1)
    while size := reader.number(4):
        reader.skip((size & 0x7FFFFFFF) + (4 if flags & 16 else 0))
        reader.step()
    reader.skip(4 if flags & 4 else 0)


def _is_skippable(magic: bytes) -> bool:
    return magic[0] >> 4 == 5 and magic[1:] == b"\x2a\x4d\x18"  # noqa: PLR2004 - 0x50 to 0x5f


_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_LZ4_MAGIC = b"\x04\x22\x4d\x18"
_CHECKS: Mapping[bytes, Callable[[Reader, int], Content]] = {
    b"\x1f\x8b": _gzip,
    b"\xfd7zXZ\0": _xz,
    _ZSTD_MAGIC: _zstd,
    _LZ4_MAGIC: _lz4,
}
