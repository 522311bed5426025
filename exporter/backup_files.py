"""Owns what a file or a folder is: a whole backup of pg_dump or pg_dumpall, a part of one, or something else.

The content decides, never the name. Nothing of the content leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path

from exporter import backup_archive, backup_streams
from exporter.backup_reader import CutError, Reader
from exporter.backup_streams import Content

TABLE_OF_CONTENTS = "toc.dat"
_DATA_FILE = re.compile(r"\d+\.dat(\.gz|\.lz4|\.zst)?")
_SUFFIXES = ("", ".gz", ".lz4", ".zst")
_HEAD, _TAIL = 1024, 4096
_BLOCK = 512  # of a tar
_TAR_END = bytes(2 * _BLOCK)
_DUMP = re.compile(rb"--\r?\n-- PostgreSQL database (cluster )?dump\r?\n")
# The last lines of a dump; since August 2025 a line \unrestrict may be among them.
_NO_END = re.compile(rb"(--)?|\\unrestrict .*")
_COPY_END = b"\\.\n\n\n"
_INSERTS_END, _NO_INSERTS = b"\n\n\n", b"\n\n"
# The list of a dump's large objects; a longer one is not read.
_LONGEST_LIST = 64 * 2**20


class Verdict(StrEnum):
    """What was found; all but VALID are values of the label `reason`."""

    VALID = "valid"
    EMPTY = "empty"
    CUT = "cut"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


def examine(path: Path, stopped: Callable[[], bool], largest: int = backup_streams.LARGEST) -> Verdict:
    """Return what the file or folder is.

    A compressed file of more than `largest` bytes is not decompressed.

    Raises:
        OSError: it cannot be read.
        StoppedError: `stopped` returned True.
    """
    try:
        return _folder(path, stopped, largest) if path.is_dir() else _file(path, stopped, largest)
    except CutError:
        return Verdict.CUT


def is_dump_folder(names: Collection[str]) -> bool:
    """Tell whether a folder with these files is pg_dump's directory format, finished or not."""
    return TABLE_OF_CONTENTS in names or any(_DATA_FILE.fullmatch(name) for name in names)


def _file(path: Path, stopped: Callable[[], bool], largest: int) -> Verdict:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        reader = Reader(file, size, stopped)
        head = file.read(_HEAD)
        file.seek(0)
        if not head:
            return Verdict.EMPTY
        if head.startswith(backup_archive.MAGIC):
            backup_archive.check_custom(reader)
            return Verdict.VALID
        if backup_streams.is_compressed(head):
            return _judge(backup_streams.content(reader, largest))
        if _is_tar(head):
            return _tar(reader)
        return _judge(Content(head, reader.last(_TAIL)))


def _judge(content: Content) -> Verdict:
    """Judge by the first and the last bytes alone; what was not looked at counts as good."""
    head, tail = content.head, content.tail
    if head is None:
        return Verdict.VALID
    if match := _DUMP.match(head):
        kind = match[1] or b""
        return _whole(tail is None or _last_line(tail) == b"-- PostgreSQL database %bdump complete" % kind)
    if head.startswith(backup_archive.MAGIC):
        return _whole(tail is None or tail.endswith(backup_archive.END))
    if _is_tar(head) and head[_BLOCK:].startswith(backup_archive.MAGIC):
        return _whole(tail is None or tail.endswith(_TAR_END))
    # A file that is shorter than the line which begins a dump may be the beginning of that line.
    if head and any(text.startswith(head) for text in _BEGINNINGS):
        return Verdict.CUT
    return Verdict.UNKNOWN if head else Verdict.EMPTY


_BEGINNINGS = (b"--\n-- PostgreSQL database dump\n", b"--\n-- PostgreSQL database cluster dump\n")


def _whole(is_whole: bool) -> Verdict:  # noqa: FBT001 - a verdict on it
    return Verdict.VALID if is_whole else Verdict.CUT


def _last_line(tail: bytes) -> bytes:
    lines = [line.strip() for line in tail.splitlines()]
    return next((line for line in reversed(lines) if not _NO_END.fullmatch(line)), b"")


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _tar(reader: Reader) -> Verdict:
    """Walk through a tar: pg_dump's own, or one of a folder in its directory format."""
    found = False
    while any(block := reader.exactly(_BLOCK)):
        start = reader.file.tell()
        name = block[:100].rstrip(b"\0")
        if name == b"toc.dat" or name.endswith(b"/toc.dat"):
            found |= reader.exactly(len(backup_archive.MAGIC)) == backup_archive.MAGIC
        reader.file.seek(start)
        reader.skip(-(-_tar_size(block[124:136]) // _BLOCK) * _BLOCK)
        reader.step()
    if any(reader.exactly(_BLOCK)):  # two empty blocks are the end of every tar
        raise CutError
    return Verdict.VALID if found else Verdict.UNKNOWN


def _tar_size(field: bytes) -> int:
    """Return a member's size: octal digits, or from 8 GiB on a number with the highest bit set."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        raise CutError from None


def _folder(path: Path, stopped: Callable[[], bool], largest: int) -> Verdict:
    """See that the table of contents is whole, and every file there that it names."""
    names = {entry.name for entry in path.iterdir()}
    if TABLE_OF_CONTENTS not in names:
        raise CutError
    toc = path / TABLE_OF_CONTENTS
    with toc.open("rb") as file:
        reader = Reader(file, toc.stat().st_size, stopped)
        head = file.read(len(backup_archive.MAGIC))
        if head != backup_archive.MAGIC:
            return Verdict.UNKNOWN if head else Verdict.CUT
        file.seek(0)
        start = backup_archive.header(reader)
        found = backup_archive.entries(reader, start) if start.is_known else []
    for entry in found:
        if not entry.file:
            continue
        data = _present(entry.file, names)
        if data.startswith("blobs"):
            _large_objects(path / data, names)
            continue
        spent, tail = _data_file(path / data, stopped, largest)
        largest -= spent
        if tail is not None and not _ends_well(tail, is_copy=entry.is_copy):
            raise CutError
    return Verdict.VALID


def _present(name: str, names: Collection[str]) -> str:
    """Return under which name a file is there, compressed or not."""
    for suffix in _SUFFIXES:
        if name + suffix in names:
            return name + suffix
    raise CutError


def _large_objects(path: Path, names: Collection[str]) -> None:
    """See that every large object of the list is there: lines of an OID and a file's name."""
    if path.suffix != ".toc" or path.stat().st_size > _LONGEST_LIST:
        return
    for line in path.read_bytes().decode(errors="replace").splitlines():
        _present(line.partition(" ")[2], names)


def _data_file(path: Path, stopped: Callable[[], bool], largest: int) -> tuple[int, bytes | None]:
    """Return how many bytes of a table's data were decompressed, and the last bytes of the data."""
    size = path.stat().st_size
    with path.open("rb") as file:
        reader = Reader(file, size, stopped)
        if path.suffix == ".dat":
            return 0, reader.last(_TAIL)
        tail = backup_streams.content(reader, largest).tail
        return (size if tail is not None else 0), tail


def _ends_well(tail: bytes, *, is_copy: bool) -> bool:
    return tail.endswith(_COPY_END if is_copy else _INSERTS_END) or (not is_copy and tail == _NO_INSERTS)
