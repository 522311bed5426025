"""Rules about where a password comes from, and that nothing of it shows when it does not come."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.errors import QueryError
from exporter.model import OutcomeKind, Secret
from exporter.password import read_password
from gateway import opened, role
from servers import Server

PYTHON = (sys.executable, "-c")


def read(secret: Secret) -> str | None:
    return asyncio.run(read_password(secret))


def problem(secret: Secret) -> str:
    with pytest.raises(QueryError) as caught:
        read(secret)
    assert caught.value.kind is OutcomeKind.CONNECT
    assert "s3cret" not in str(caught.value)
    return str(caught.value)


def test_without_a_source_there_is_none() -> None:
    assert read(Secret()) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("s3cret", "s3cret"),
        ("s3cret\n", "s3cret"),
        ("s3cret\r\n", "s3cret"),
        ("s3cret\n\n", "s3cret\n"),
        (" s3 cret ", " s3 cret "),
        ("p@%:/ü", "p@%:/ü"),
    ],
)
def test_a_file_loses_one_line_break_at_its_end_and_nothing_else(
    tmp_path: Path, content: str, expected: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content.encode())
    assert read(Secret(file=str(file))) == expected


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"s3cret\xff", "is not UTF-8 text"),
        (b"s3cret\0", "holds a NUL byte, which no password can"),
    ],
)
def test_a_file_that_holds_no_password_is_named_with_its_fault(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    assert problem(Secret(file=str(file))) == f"password file {file}: {says}"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "password"
    assert problem(Secret(file=str(file))) == f"password file {file}: no such file or directory"
    assert problem(Secret(file=str(tmp_path))) == f"password file {tmp_path}: is a directory"


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be nobody for a while: root may read every file."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_of_somebody_else_is_named_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret")
    file.chmod(0)
    with unprivileged():
        assert problem(Secret(file=str(file))) == f"password file {file}: permission denied"


def test_an_environment_variable_is_taken_as_it_is_and_missed_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN_DB_PASSWORD", "s3cret ü")
    assert read(Secret(env="TOKEN_DB_PASSWORD")) == "s3cret ü"
    monkeypatch.delenv("TOKEN_DB_PASSWORD")
    assert "variable TOKEN_DB_PASSWORD for the password: is not set" in problem(
        Secret(env="TOKEN_DB_PASSWORD")
    )


def test_a_command_gives_its_first_line() -> None:
    assert read(Secret(command=(*PYTHON, "print('s3cret'); print('more')"))) == "s3cret"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; print('s3cret'); sys.exit('s3cret')", "failed with exit code 1"),
        ("import sys; sys.exit(3)", "failed with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "failed with exit code -9"),
        ("pass", "is empty"),
    ],
)
def test_a_command_that_fails_is_known_by_its_exit_code_alone(code: str, says: str) -> None:
    assert problem(Secret(command=(*PYTHON, code))) == f"password command {sys.executable}: {says}"


def test_a_command_that_prints_on_and_on_is_ended_long_before_it_fills_the_memory() -> None:
    says = "password command yes: printed more than 64 KiB"
    assert problem(Secret(command=("yes", "s3cret"), timeout=20.0)) == says


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "vault")
    says = "cannot be started: no such file or directory"
    assert problem(Secret(command=(missing, "--token=s3cret"))) == f"password command {missing}: {says}"


@pytest.mark.slow
def test_a_command_that_hangs_is_ended_with_what_it_started(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "pid"
    command = ("/bin/sh", "-c", f"sleep 60 & echo $! > {mark}; wait")
    started = time.monotonic()
    says = "password command /bin/sh: did not end within 1 s (password_timeout)"
    assert problem(Secret(command=command, timeout=1.0)) == says
    assert time.monotonic() - started < 3
    deadline = time.monotonic() + 5
    while _alive(int(mark.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_password_is_read_again_at_every_connect(tmp_path: Path, a_server: Server) -> None:
    file = tmp_path / "password"
    file.write_text("of another role\n")
    with role(a_server) as (user, secret):

        async def ask() -> None:
            source = Secret(file=str(file))
            async with opened(a_server.dsn(user=user), password=source) as gateway:
                with pytest.raises(QueryError, match="password authentication failed"):
                    await gateway.fetch("SELECT 1", timeout=5)
                file.write_text(f"{secret}\n")
                [(pid,)] = (await gateway.fetch("SELECT pg_backend_pid()", timeout=5)).rows
                changed = "n3w %@:/ pass'word"
                quoted = changed.replace("'", "''")
                a_server.execute(f"ALTER ROLE {user} PASSWORD '{quoted}'")
                file.write_text(changed)
                a_server.execute(f"SELECT pg_terminate_backend({pid})")
                assert (await gateway.fetch("SELECT 1", timeout=5)).rows == [(1,)]

        asyncio.run(ask())


def test_a_token_that_has_ended_is_replaced_at_the_next_connect_and_not_before(
    tmp_path: Path, a_server: Server
) -> None:
    """As with IAM and Vault: what the command prints is for a while, and a session outlives it."""
    store = tmp_path / "token"
    runs = tmp_path / "runs"
    command = ("/bin/sh", "-c", f"echo x >> {runs}; cat {store}; echo not this")
    with role(a_server) as (user, first):
        store.write_text(f"{first}\n")

        async def ask() -> None:
            async with opened(a_server.dsn(user=user), password=Secret(command=command)) as gateway:
                sql = "SELECT pg_backend_pid()"
                [(pid,)] = (await gateway.fetch(sql, timeout=5)).rows
                a_server.execute(f"ALTER ROLE {user} PASSWORD 'the next token' VALID UNTIL 'infinity'")
                store.write_text("the next token\n")
                assert (await gateway.fetch(sql, timeout=5)).rows == [(pid,)]
                assert runs.read_text() == "x\n"
                a_server.execute(f"SELECT pg_terminate_backend({pid})")
                assert (await gateway.fetch(sql, timeout=5)).rows != [(pid,)]
                assert runs.read_text() == "x\nx\n"

        asyncio.run(ask())
