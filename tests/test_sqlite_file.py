"""A SQLite database is only ever read: no byte of it changes, and no file appears beside it."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from exporter.engines import Engine, engine_of
from exporter.errors import QueryError
from exporter.model import OutcomeKind
from exporter.sqlite_file import check_dsn, opened, path_of
from sqlite_files import execute, fetched, holding, make, target

COUNT = "select count(*) from tokens"
_INTO = "insert into tokens (token_id, token_type, access_token, expires_at, created_at)"
INSERT = f"{_INTO} values (1, 'x', 's', 0, 0)"


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Return checksum and time of change of each file."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.iterdir())
    }


def count(path: Path) -> int:
    [(number,)] = fetched(path, COUNT).rows
    return int(str(number))


def refusal(path: Path) -> QueryError:
    with pytest.raises(QueryError) as caught:
        count(path)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("wal", [False, True], ids=["journal", "wal"])
def test_nothing_is_written_where_nobody_has_the_database_open(tmp_path: Path, wal: bool) -> None:
    path = make(tmp_path / "a.db", "seed", wal=wal)
    execute(path, INSERT)
    before = state(tmp_path)
    assert list(before) == ["a.db"]
    assert count(path) == 1
    assert state(tmp_path) == before


def test_plain_read_only_mode_would_have_left_files_behind(tmp_path: Path) -> None:
    """Which is why a database in WAL mode that nobody has open is read from memory."""
    path = make(tmp_path / "a.db", "seed", wal=True)
    with closing(sqlite3.connect(f"file://{path}?mode=ro", uri=True)) as connection:
        connection.execute(COUNT).fetchall()
    assert sorted(state(tmp_path)) == ["a.db", "a.db-shm", "a.db-wal"]


def test_what_a_live_writer_has_committed_to_the_wal_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "seed", wal=True)
    unfinished = ("begin immediate", INSERT.replace("(1,", "(2,"))
    with holding(path, "pragma wal_autocheckpoint = 0", INSERT, *unfinished):
        before = state(tmp_path)
        assert before["a.db-wal"][0] != hashlib.sha256(b"").hexdigest()
        assert count(path) == 1
        assert state(tmp_path) == before


def test_a_wal_that_a_program_left_when_it_was_killed_is_read(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "seed", wal=True)
    with holding(path, INSERT) as writer:
        writer.kill()
        writer.wait()
    before = state(tmp_path)
    assert count(path) == 1
    assert state(tmp_path) == before


def test_a_wal_without_its_index_is_not_read_since_that_would_have_to_be_made(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "seed", wal=True)
    with holding(path, INSERT) as writer:
        writer.kill()
        writer.wait()
    (tmp_path / "a.db-shm").unlink()
    before = state(tmp_path)
    error = refusal(path)
    assert (error.kind, "a.db-wal is there without a.db-shm" in str(error)) == (OutcomeKind.CONNECT, True)
    assert state(tmp_path) == before


def test_a_lock_of_another_program_is_waited_for_a_tenth_of_a_second(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "seed")
    with holding(path, "begin exclusive", INSERT):
        before = state(tmp_path)
        assert refusal(path).kind is OutcomeKind.LOCKED
        assert state(tmp_path) == before
    assert count(path) == 0


def test_what_a_program_left_half_done_is_not_undone_by_us(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "seed")
    numbers = "with recursive n as (select 10 as i union all select i + 1 from n where i < 2000)"
    spill = f"{numbers} {_INTO} select i, 'x', hex(randomblob(2000)), 0, 0 from n"
    with holding(path, "pragma cache_size = 1", "pragma cache_spill = 1", "begin", spill) as writer:
        writer.kill()
        writer.wait()
    before = state(tmp_path)
    assert "a.db-journal" in before
    error = refusal(path)
    assert (error.kind, "within a transaction" in str(error)) == (OutcomeKind.CONNECT, True)
    assert state(tmp_path) == before


def test_each_path_that_is_no_database_has_a_line_that_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no database, but more than the hundred bytes of a header" * 10)
    os.mkfifo(tmp_path / "pipe")
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "socket"))
        said = {
            name: str(refusal(tmp_path / name)).removeprefix(f"{tmp_path / name}: ")
            for name in ("missing", "empty", "text", "pipe", "socket", ".")
        }
    assert said == {
        "missing": "no such file or directory",
        "empty": "is empty, without a table",
        "text": "is not a SQLite database, or it is encrypted",
        "pipe": "is no ordinary file",
        "socket": "is no ordinary file",
        ".": "is a folder",
    }
    assert not (tmp_path / "missing").exists()


def test_a_database_that_is_damaged_or_cut_says_so(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "seed")
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\xff" * (len(data) - 100))
    assert "is damaged" in str(refusal(path))
    assert refusal(path).kind is OutcomeKind.CONNECT


@pytest.mark.parametrize(
    "name", ["a b.db", "a?mode=rwc.db", "a#b.db", "100%.db", "a'b;--.db", 'a"b.db', "ä.db"]
)
def test_a_name_is_never_read_as_part_of_a_uri(tmp_path: Path, name: str) -> None:
    path = make(tmp_path / name, "seed")
    before = state(tmp_path)
    dsn = target(path).dsn
    assert (check_dsn(dsn), path_of(dsn), engine_of(dsn)) == (None, path, Engine.SQLITE)
    assert count(path_of(dsn)) == 0
    assert state(tmp_path) == before


@pytest.mark.parametrize(
    "sql",
    [
        "attach 'new.db' as other",
        "vacuum into 'new.db'",
        "delete from tokens",
        "create table x (a)",
        "create temp table x (a)",
        "pragma journal_mode = wal",
        "pragma query_only = off",
        "select load_extension('x')",
        "begin immediate",
    ],
)
def test_a_statement_that_does_not_only_read_is_refused(
    tmp_path: Path, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = make(tmp_path / "a.db", "seed")
    before = state(tmp_path)
    with closing(opened(path, lambda: 0.0)) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute(sql)
    assert state(tmp_path) == before


def test_a_database_that_was_replaced_is_the_new_one(tmp_path: Path) -> None:
    path, other = make(tmp_path / "a.db", "seed"), make(tmp_path / "b.db", "seed")
    assert count(path) == 0
    execute(other, INSERT)
    shutil.move(other, path)
    assert count(path) == 1


@pytest.mark.parametrize(
    ("dsn", "problem"),
    [
        ("sqlite:///a/b.db", None),
        ("SQLite:////a/b%20c.db", None),
        ("sqlite://a.db", "no absolute path"),
        ("sqlite:a.db", "no absolute path"),
        ("sqlite://", "no absolute path"),
        ("sqlite:///", "no file"),
        ("sqlite:///a/", "no file"),
        ("sqlite:///a.db?mode=rwc", "parameters"),
        ("sqlite:///a.db#x", "parameters"),
        ("sqlite:///a%.db", "%25"),
        ("sqlite:///a%00.db", "cannot be printed"),
        ("sqlite:///a%0Ab.db", "cannot be printed"),
        ("sqlite:///a%FF.db", "not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_dsn_is_said_without_quoting_it(dsn: str, problem: str | None) -> None:
    said = check_dsn(dsn)
    assert said is None if problem is None else problem in str(said)
    assert "b.db" not in str(said)
