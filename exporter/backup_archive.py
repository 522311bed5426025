"""Owns pg_dump's own archive format: its table of contents, its blocks of data, and whether one is whole.

Source: src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c, archive versions 1.12 to 1.16, which are
those of PostgreSQL 9.0 to 18. Of any other version nothing but the end is looked at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from exporter.backup_reader import CutError, Reader
from exporter.errors import ExporterError

MAGIC = b"PGDMP"
_CUSTOM = 1  # the others are 3; a directory's table of contents says that it is a tar's
_OLDEST, _NEWEST = (1, 12), (1, 16)
_WITH_TABLE_AM, _WITH_COMPRESSION, _WITH_KIND = (1, 14), (1, 15), (1, 16)
_POSITION_UNKNOWN, _POSITION_KNOWN = 1, 2
_DATA, _LARGE_OBJECTS = 1, 3
# A step is a chunk of 4 KB (before PostgreSQL 17) or up to 128 KB: 1 GiB at least.
_MOST_STEPS = 262_144
# What every archive ends in: a zero as an integer. 9 bytes would be more, but are not always there.
END = bytes(5)


class _TooLongError(ExporterError):
    """The walk through the blocks was given up; nothing is known about the rest."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the table of contents whose data is in the archive.

    `position` is where the data begins in a custom archive, None when pg_dump could not go back to note it;
    `file` is the data's file in a directory archive; `is_copy` tells data in the form of COPY.
    """

    number: int
    position: int | None
    file: str
    is_copy: bool


class _Fields:
    """Reads an archive's integers (a byte for the sign, then the lowest byte first) and texts."""

    def __init__(self, reader: Reader, integer_size: int) -> None:
        self._reader = reader
        self._integer_size = integer_size

    def integer(self) -> int:
        negative = self._reader.exactly(1) != b"\0"
        value = self._reader.number(self._integer_size)
        return -value if negative else value

    def text(self) -> bytes | None:
        length = self.integer()
        if length < 0:
            return None
        if length > self._reader.size:
            raise CutError
        return self._reader.exactly(length)

    def skip_texts(self, *names: str) -> None:
        """Skip as many texts as there are names; these are for the reader of the code."""
        for _ in names:
            self.text()


@dataclass(frozen=True, slots=True)
class Header:
    """The start of an archive: the version of the format and which of the three formats it is."""

    version: tuple[int, int]
    integer_size: int
    offset_size: int
    form: int

    @property
    def is_known(self) -> bool:
        """Tell whether the rest of the archive can be read."""
        sizes = self.integer_size in (4, 8) and self.offset_size in (4, 8)
        return sizes and _OLDEST <= self.version <= _NEWEST


def header(reader: Reader) -> Header:
    """Return the header of the archive that begins where `reader` stands; raises CutError."""
    data = reader.exactly(11)
    return Header((data[5], data[6]), data[8], data[9], data[10])


def entries(reader: Reader, start: Header) -> list[Entry]:
    """Return the entries that have data; `reader` stands behind the header, and then behind the last entry.

    Raises:
        CutError: the file ends within the table of contents.
    """
    fields = _Fields(reader, start.integer_size)
    reader.skip(1 if start.version >= _WITH_COMPRESSION else 1 + start.integer_size)
    reader.skip(7 * (1 + start.integer_size))  # the time of the dump
    fields.skip_texts("database", "version of the server", "version of pg_dump")
    found = [_entry(reader, fields, start) for _ in range(fields.integer())]
    return [entry for entry in found if entry]


def _entry(reader: Reader, fields: _Fields, start: Header) -> Entry | None:
    number, has_data = fields.integer(), fields.integer()
    fields.skip_texts("its catalogue", "its OID", "tag", "description")
    fields.integer()  # section
    fields.skip_texts("definition", "drop statement")
    is_copy = bool(fields.text())
    fields.skip_texts("schema", "tablespace")
    if start.version >= _WITH_TABLE_AM:
        fields.skip_texts("access method")
    if start.version >= _WITH_KIND:
        fields.integer()
    fields.skip_texts("owner", "with OIDs")
    while fields.text() is not None:  # the entries that it depends on
        reader.step()
    if start.form != _CUSTOM:
        name = fields.text() or b""
        return Entry(number, None, os.fsdecode(name), is_copy) if has_data else None
    state = reader.number(1)
    position = reader.number(start.offset_size)
    if not has_data or state not in (_POSITION_UNKNOWN, _POSITION_KNOWN):
        return None
    return Entry(number, position if state == _POSITION_KNOWN else None, "", is_copy)


def check_custom(reader: Reader) -> None:
    """Return when the custom archive is whole as far as can be told without reading the data itself.

    Proven are the table of contents, the start of each block of data, and the extent of the last block. When
    pg_dump wrote to a pipe the table has no positions: then all blocks are walked through and counted. A walk
    is given up after `_MOST_STEPS`; then the last bytes alone must be those of an end.

    Raises:
        CutError: it is not whole.
        StoppedError: see Reader.
    """
    if reader.last(len(END)) != END:
        raise CutError
    start = header(reader)
    if not start.is_known:
        return
    found = entries(reader, start)
    walk = _Walk(reader, start)
    try:
        if any(entry.position is None for entry in found):
            walk.all_blocks(len(found))
        else:
            walk.blocks_at({entry.position or 0: entry.number for entry in found})
    except _TooLongError:
        return


class _Walk:
    """A walk through the blocks of data, from chunk to chunk, without reading what is in them."""

    def __init__(self, reader: Reader, start: Header) -> None:
        self._reader = reader
        self._fields = _Fields(reader, start.integer_size)
        self._last_step = reader.steps + _MOST_STEPS

    def blocks_at(self, numbers: dict[int, int]) -> None:
        """See that a block begins at each position and has its number; walk through the last one."""
        last = max(numbers, default=0)
        for position in sorted(numbers):
            self._reader.file.seek(position)
            kind = self._block(numbers[position])
            if position == last:
                self._contents(kind)

    def all_blocks(self, count: int) -> None:
        """Walk from here to the end of the file, through `count` blocks."""
        while not self._reader.is_at_end():
            self._contents(self._block(None))
            count -= 1
        if count > 0:
            raise CutError

    def _block(self, number: int | None) -> int:
        kind = self._reader.number(1)
        found = self._fields.integer()
        if kind not in (_DATA, _LARGE_OBJECTS) or number not in (None, found):
            raise CutError
        return kind

    def _contents(self, kind: int) -> None:
        if kind == _DATA:
            self._chunks()
            return
        while self._fields.integer():  # the OID of a large object
            self._chunks()

    def _chunks(self) -> None:
        while length := self._fields.integer():
            self._reader.skip(length)
            self._reader.step()
            if self._reader.steps > self._last_step:
                raise _TooLongError
