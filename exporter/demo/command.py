"""Owns the command `pg-oauth-exporter demo`: starting everything, watching it, ending it in order."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from exporter.demo import daemon, database, page, server, sidecars
from exporter.demo.console import Console
from exporter.demo.endpoint import APPLICATION_ROLE, Endpoint
from exporter.demo.failure import DemoError
from exporter.demo.options import DEFAULT_PORT, Options, parse
from exporter.demo.processes import Child, Program, free_port, race, running
from exporter.demo.timeline import timeline
from exporter.demo.trouble import Stage
from exporter.demo.workload import Sessions, Workload
from exporter.demo.world import World
from exporter.duration import format_duration

_FIRST_NUMBERS = 3  # seconds from the banner to a page with tokens; measured: 2
_REFRESH_LIVE, _REFRESH_LINES, _FIRST_LOOK = 2.0, 5.0, 0.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str]) -> int:
    """Run the demo until it is told to stop; return the exit code."""
    options = parse(argv)
    console = Console(sys.stdout)
    try:
        asyncio.run(_until_told(options, console))
    except DemoError as error:
        console.settle()
        sys.stderr.write(f"pg-oauth-exporter demo: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:  # before there was anything to end
        return 0
    console.settle()
    console.say("everything is stopped and removed")
    return 0


async def _until_told(options: Options, console: Console) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)

    async def told() -> None:
        await stop.wait()
        console.settle()
        console.say("stopping ...")

    await race(told(), _demo(options, console))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make the demo's folder, which others can enter but not list; remove it with all that is in it."""
    temporary = Path(tempfile.gettempdir()).resolve()
    if os.geteuid() == 0 and not all(
        path.stat().st_mode & stat.S_IXOTH for path in (temporary, *temporary.parents)
    ):
        temporary = Path("/tmp")  # noqa: S108  # PostgreSQL, not being root, could not enter the other one
    folder = Path(tempfile.mkdtemp(prefix="pg-oauth-exporter-demo-", dir=temporary))
    try:
        folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(folder)


async def _demo(options: Options, console: Console) -> None:
    """Start everything, play until the time is over or a child dies, end all in the opposite order."""
    if options.port and free_port(options.port) != options.port:
        raise DemoError(f"--port: 127.0.0.1:{options.port} is in use; name another, or none for a free one")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        children: list[Child] = []

        async def start(program: Program) -> None:
            children.append(await stack.enter_async_context(running(program)))

        console.say("starting PostgreSQL ..." if options.dsn is None else "preparing your database ...")
        if options.dsn is None:
            endpoint, postgres = await stack.enter_async_context(server.embedded(folder, options.major))
            children.append(postgres)
        else:
            endpoint = Endpoint.of_dsn(options.dsn)
        prepared = await stack.enter_async_context(database.prepared(endpoint, console.say))
        port = options.port or free_port(DEFAULT_PORT)  # only now, so that nobody takes it meanwhile
        await start(daemon.program(folder, prepared, port))
        beside = []
        if options.sidecars:
            beside = sidecars.found(folder, f"127.0.0.1:{port}", sidecars.shipped_alerts())
        for sidecar in beside:
            await start(sidecar.program)
        for line in _banner(prepared, daemon.passfile(folder, prepared), port, beside):
            console.say(line)
        workload = _workload(options, prepared, console)
        await race(
            *(child.watch() for child in children),
            workload.play(timeline(options.seed, options.rate), options.rate),
            _report(port, workload, console),
            asyncio.sleep(math.inf if options.duration is None else options.duration),
        )


def _banner(
    prepared: database.Database, passfile: Path, port: int, beside: Sequence[sidecars.Sidecar]
) -> Iterator[str]:
    """Yield what a user wants to know first."""
    where = "embedded, on 127.0.0.1" if prepared.endpoint.embedded else "yours"
    yield f"PostgreSQL {prepared.version} ({where}) with an OAuth2 store; watched as the role monitor"
    yield f"  metrics       http://127.0.0.1:{port}/metrics"
    yield f"  status        http://127.0.0.1:{port}/"
    for sidecar in reversed(beside):
        yield f"  {sidecar.program.name:<13} {sidecar.url}"
    yield f"  look inside   {prepared.endpoint.psql_command(APPLICATION_ROLE, passfile)}"
    yield f"first numbers in about {_FIRST_NUMBERS} seconds; Ctrl-C stops and removes everything"


def _workload(options: Options, prepared: database.Database, console: Console) -> Workload:
    def now() -> datetime:
        return datetime.now(UTC).replace(tzinfo=None)

    def say(line: str) -> None:
        console.say(f"{time.strftime('%H:%M:%S')} {line}")

    # Repeatable on purpose: the seed decides the course of events.
    traffic, incidents = Random(options.seed), Random(-options.seed - 1)  # noqa: S311
    sessions = Sessions(prepared.application)
    stage = Stage(sessions.connect, asyncio.sleep)
    return Workload(sessions, World(traffic, now), stage, incidents, say)


async def _report(port: int, workload: Workload, console: Console) -> None:
    """Show the newest numbers of the exporter's own page: as soon as there are some, then again and again."""
    clock = asyncio.get_running_loop().time
    start = clock()
    patience = _REFRESH_LIVE if console.live else _REFRESH_LINES
    reading = None
    while True:
        reading = await _next(port, patience, known=reading is not None and reading.tokens is not None)
        since = format_duration(round(clock() - start))
        done = f"{workload.counts.operations:,} operations"
        console.status(f"{since}: {reading or 'waiting for the exporter'} | {done}")


async def _next(port: int, patience: float, *, known: bool) -> page.Reading | None:
    """Return a reading after `patience` seconds; sooner when tokens were not `known` and show up."""
    for _ in range(1 if known else round(patience / _FIRST_LOOK)):
        await asyncio.sleep(patience if known else _FIRST_LOOK)
        reading = await page.fetch(port)
        if reading is not None and reading.tokens is not None:
            break
    return reading
