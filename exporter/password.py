"""Owns reading a target's password from its file, environment variable or command, anew at every connect."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from exporter.errors import QueryError
from exporter.model import OutcomeKind, Secret

# No password and no token is as long; a command that goes on and on must not fill the memory.
_MOST_BYTES = 1 << 16


async def read_password(secret: Secret) -> str | None:
    """Return the password, or None when the DSN or pgpass is to give it.

    Raises:
        QueryError: CONNECT; says which source failed and how, never what it held.
    """
    if secret.file is not None:
        return _checked(f"password file {secret.file}", _read_file(secret.file))
    if secret.env is not None:
        source = f"environment variable {secret.env} for the password"
        if secret.env not in os.environ:
            raise _failed(source, "is not set")
        return _checked(source, os.fsencode(os.environ[secret.env]))
    if secret.command:
        return _checked(f"password command {secret.command[0]}", await _run(secret.command, secret.timeout))
    return None


def _failed(source: str, problem: str) -> QueryError:
    return QueryError(OutcomeKind.CONNECT, f"{source}: {problem}")


def _checked(source: str, content: bytes) -> str:
    # An editor or `echo` ends a file with a line break that is no part of the password.
    content = content.removesuffix(b"\n").removesuffix(b"\r")
    if not content:
        raise _failed(source, "is empty")
    if b"\0" in content:
        raise _failed(source, "holds a NUL byte, which no password can")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _failed(source, "is not UTF-8 text") from None


def _read_file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "cannot be read"
        raise _failed(f"password file {name}", reason) from None


async def _run(command: tuple[str, ...], seconds: float) -> bytes:
    """Return the first line that the command prints."""
    source = f"password command {command[0]}"
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it might print the secret
            start_new_session=True,
        )
    except OSError as error:
        raise _failed(source, f"cannot be started: {os.strerror(error.errno or 0).lower()}") from None
    try:
        async with asyncio.timeout(seconds):
            output = await _output(process)
            if len(output) > _MOST_BYTES:
                raise _failed(source, f"printed more than {_MOST_BYTES >> 10} KiB")
            await process.wait()
    except TimeoutError:
        raise _failed(source, f"did not end within {seconds:g} s (password_timeout)") from None
    finally:
        await _end(process)
    if process.returncode:
        raise _failed(source, f"failed with exit code {process.returncode}")
    return output.split(b"\n", 1)[0]


async def _output(process: asyncio.subprocess.Process) -> bytes:
    """Return all that the command prints, or a little more than it may."""
    output = b""
    while process.stdout is not None and len(output) <= _MOST_BYTES:
        part = await process.stdout.read(_MOST_BYTES)
        if not part:
            break
        output += part
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a command that outlived its time, with all it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
