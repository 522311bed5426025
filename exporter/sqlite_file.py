"""Owns how a SQLite database is opened: so that nothing is written, neither in it nor beside it.

With `mode=ro` SQLite still makes the files `-wal` and `-shm` of a database in WAL mode when they are not
there, and leaves them behind. So those are looked for first. With both there is a writer, and the database is
read beside it; with neither it is complete, and read from memory.
Sources: www.sqlite.org, "Uniform Resource Identifiers", "Write-Ahead Logging", "Database File Format".
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

from exporter.errors import QueryError
from exporter.model import OutcomeKind

# How long to wait for a writer's lock, as `lock_timeout` elsewhere.
_BUSY_SECONDS = 0.1
# A database that is read from memory: as large as the largest table that a query reads in full.
_MOST_BYTES = 8000 * 8192

_WRITE = "write sqlite:///path/to/file.db"
_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_VERSIONS = slice(18, 20)  # of the file format, for writing and for reading: 1 is a journal, 2 a WAL
_JOURNAL, _WAL = b"\x01\x01", b"\x02\x02"

_ALLOWED = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_PRAGMAS = frozenset({"table_xinfo", "page_count", "page_size", "freelist_count"})

_REASONS = {
    sqlite3.SQLITE_BUSY: (OutcomeKind.LOCKED, "another program holds the database for more than 100 ms"),
    sqlite3.SQLITE_LOCKED: (OutcomeKind.LOCKED, "another program holds a table of the database"),
    sqlite3.SQLITE_INTERRUPT: (OutcomeKind.TIMEOUT, "the query took too long"),
    sqlite3.SQLITE_AUTH: (OutcomeKind.DENIED, "the query does something else than to read"),
    sqlite3.SQLITE_NOTADB: (OutcomeKind.CONNECT, "the file is not a SQLite database, or it is encrypted"),
    sqlite3.SQLITE_CORRUPT: (
        OutcomeKind.CONNECT,
        "the database is damaged: pragma integrity_check",
    ),
    sqlite3.SQLITE_CANTOPEN: (OutcomeKind.CONNECT, "SQLite cannot open the file, or one of those beside it"),
    sqlite3.SQLITE_IOERR: (OutcomeKind.CONNECT, "the file cannot be read"),
    # Only somebody who may write can bring a journal that was left behind to its end.
    sqlite3.SQLITE_READONLY: (
        OutcomeKind.CONNECT,
        "a program ended within a transaction; start it again, so that SQLite can undo what is half done",
    ),
}
_PRIMARY_CODE = 0xFF
_MISSING = re.compile(r"no such (?:table|column|function): [\w.\"]{1,120}")


def check_dsn(dsn: str) -> str | None:
    """Return what is wrong with a DSN as the end of a sentence, or None; nothing of the DSN is in it."""
    scheme, _, rest = dsn.strip().partition(":")
    if scheme.lower() != "sqlite" or not rest.startswith("///"):
        return f"names no absolute path: {_WRITE}"
    if "?" in rest or "#" in rest:
        return "has parameters: leave them out; in the name of a file write ? as %3F and # as %23"
    if re.search(r"%(?![0-9A-Fa-f]{2})", rest):
        return "has a % that is no code: in the name of a file write it as %25"
    try:
        name = unquote(rest, errors="strict")
    except UnicodeError:
        return "names a file whose name is not UTF-8"
    if not name.isprintable():
        return "names a file with characters that cannot be printed"
    return f"names no file: {_WRITE}" if name.endswith("/") else None


def path_of(dsn: str) -> Path:
    """Return the path that a well-formed DSN names."""
    return Path("/" + unquote(dsn.strip().partition(":")[2]).lstrip("/"))


def opened(path: Path, now: Callable[[], float]) -> sqlite3.Connection:
    """Return a connection that can only read, in which `now()` is the time in seconds since 1970.

    Raises:
        QueryError: of kind CONNECT or LOCKED; the message names the file.
    """
    try:
        connection = _connected(path)
    except OSError as error:
        message = f"{path}: {(error.strerror or type(error).__name__).lower()}"
        raise QueryError(OutcomeKind.CONNECT, message) from None
    except sqlite3.Error as error:
        raise translated(error, path) from None
    try:
        connection.execute("pragma query_only = on")
        connection.execute("pragma trusted_schema = off")
        connection.execute("pragma temp_store = memory")
    except sqlite3.Error as error:
        connection.close()
        raise translated(error, path) from None
    connection.create_function("now", 0, now, deterministic=True)
    connection.set_authorizer(_authorised)
    return connection


def translated(error: sqlite3.Error, path: Path) -> QueryError:
    """Return what an exception of SQLite means; the message holds no query text and no value."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code in _REASONS:
        kind, reason = _REASONS[code]
        return QueryError(kind, f"{path}: {reason}")
    if match := _MISSING.match(str(error)):
        return QueryError(OutcomeKind.MISSING, match[0])
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return QueryError(OutcomeKind.SQL, f"SQLite refuses the query ({name})")


def _connected(path: Path) -> sqlite3.Connection:
    if _header(path)[_VERSIONS] != _WAL:
        return _beside(path)
    shared, log = (path.with_name(path.name + end) for end in ("-shm", "-wal"))
    if shared.exists() and log.exists():
        return _beside(path)
    if log.exists() and log.stat().st_size:
        reason = f"{log.name} is there without {shared.name}: start the program that writes to it"
        raise QueryError(OutcomeKind.CONNECT, f"{path}: {reason}")
    return _in_memory(path, log)


def _header(path: Path) -> bytes:
    """Return the first bytes of a database; raises OSError and QueryError.

    What is no ordinary file is not opened: a pipe would wait for ever.
    """
    mode = path.stat().st_mode
    reason = ""
    if stat.S_ISDIR(mode):
        reason = "is a folder"
    elif not stat.S_ISREG(mode):
        reason = "is no ordinary file"
    else:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
        if header.startswith(_MAGIC) and len(header) == _HEADER_BYTES:
            return header
        reason = "is not a SQLite database, or it is encrypted" if header else "is empty, without a table"
    raise QueryError(OutcomeKind.CONNECT, f"{path}: {reason}")


def _beside(path: Path) -> sqlite3.Connection:
    """Open a file that others may write to; `immutable`, which would not notice them, is never used."""
    uri = f"file://{quote(os.fsencode(path))}?mode=ro&readonly_shm=1"
    return sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _in_memory(path: Path, log: Path) -> sqlite3.Connection:
    """Read a database that nobody has open, with its header set to the mode that needs no other file."""
    before = path.stat()
    if before.st_size > _MOST_BYTES:
        reason = f"in WAL mode, open in no program, and larger than {_MOST_BYTES // 2**20} MiB"
        raise QueryError(OutcomeKind.CONNECT, f"{path}: is {reason}: it is read while a program has it open")
    data = bytearray(path.read_bytes())
    after = path.stat()
    if log.exists() or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise QueryError(OutcomeKind.LOCKED, f"{path}: another program has just opened the database")
    data[_VERSIONS] = _JOURNAL
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.deserialize(bytes(data))
    return connection


def _authorised(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Let a query read, and nothing else: ATTACH would make a file."""
    if action == sqlite3.SQLITE_PRAGMA:
        is_read = first in _PRAGMAS
    elif action == sqlite3.SQLITE_UPDATE:
        is_read = first == "sqlite_master"  # how SQLite notes for itself what json_each() returns
    else:
        is_read = action in _ALLOWED and second != "load_extension"
    return sqlite3.SQLITE_OK if is_read else sqlite3.SQLITE_DENY
