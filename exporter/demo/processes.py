"""Owns the programs that the demo runs beside itself: starting, watching and ending them, by their own id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.demo.failure import DemoError

LAST_LINES = 8


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a program runs; None: as ourselves."""

    uid: int | None = None
    gid: int | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What `subprocess` wants to hear."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Program:
    """How to run something. `stop` is the signal that ends it in order, `grace` the seconds it then has."""

    name: str
    command: Sequence[str]
    folder: Path  # its working directory
    log: Path
    environment: Mapping[str, str] | None = None
    identity: Identity = Identity()
    stop: signal.Signals = signal.SIGTERM
    grace: float = 10.0


@dataclass(frozen=True, slots=True)
class Child:
    """A running program."""

    program: Program
    process: asyncio.subprocess.Process

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.returncode is None

    def death(self) -> DemoError:
        """Return what to tell the user when it has ended by itself, with its last log lines."""
        lines = self.program.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        said = "".join(f"\n  {line}" for line in lines) or "\n  (it wrote nothing)"
        return DemoError(
            f"{self.program.name} ended with code {self.process.returncode}; its last lines:{said}"
        )

    async def watch(self) -> None:
        """Wait until it ends.

        Raises:
            DemoError: always, since nothing here ends before it is told to.
        """
        await self.process.wait()
        raise self.death()

    async def end(self) -> None:
        """Ask it to end, and kill it when it has not after its grace period."""
        for request, patience in ((self.program.stop, self.program.grace), (signal.SIGKILL, 5.0)):
            if not self.running:
                return
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                self.process.send_signal(request)
            try:
                await asyncio.wait_for(self.process.wait(), patience)
            except TimeoutError:
                continue


@contextlib.asynccontextmanager
async def running(program: Program) -> AsyncIterator[Child]:
    """Run `program` for the length of a `with` block.

    It gets a session of its own, so that Ctrl-C reaches only us and things end in order.

    Raises:
        DemoError: it cannot be started.
    """
    with program.log.open("ab") as log:
        try:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                cwd=program.folder,
                env=program.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **program.identity.arguments,
            )
        except OSError as error:
            raise DemoError(f"{program.name} cannot be started: {error.strerror}") from error
    child = Child(program, process)
    try:
        yield child
    finally:
        await child.end()


async def finish(program: Program, seconds: float) -> None:
    """Run `program` to its end.

    Raises:
        DemoError: it failed, or took longer than `seconds`.
    """
    async with running(program) as child:
        try:
            code = await asyncio.wait_for(child.process.wait(), seconds)
        except TimeoutError:
            raise DemoError(f"{program.name} took longer than {seconds:.0f} s") from None
        if code:
            raise child.death()


async def race(*contestants: Coroutine[Any, Any, None]) -> None:
    """Run all until the first ends or fails, then cancel the others; raise what any of them raised."""
    tasks = [asyncio.create_task(contestant) for contestant in contestants]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


def free_port(preferred: int = 0) -> int:
    """Return a free TCP port of 127.0.0.1: `preferred` when nobody listens there, else any."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("no free port on 127.0.0.1")


def environment_without_databases() -> dict[str, str]:
    """Return our environment less what libpq and the exporter would take for settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DATA_SOURCE_"))}
