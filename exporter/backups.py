"""Owns the check of one entry of `backups`: which files are meant, what each is, and their families."""

from __future__ import annotations

import logging
import os
import stat
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import glob, has_magic
from pathlib import Path

from exporter.backup_files import Verdict, examine, is_dump_folder
from exporter.backup_settings import BackupSettings
from exporter.model import Family, MetricType, Number, Sample
from exporter.streak import Streak

log = logging.getLogger(__name__)

# A file that is no backup, but was written to so lately, may still become one.
SETTLING = 60.0
# No further file is begun after so many seconds; the next check goes on.
_LONGEST = 30.0
_BEFORE = 7
_INVALID = (Verdict.EMPTY, Verdict.CUT, Verdict.UNKNOWN, Verdict.UNREADABLE)

_NEWEST = "Unix time at which the newest valid backup was last written to."
_SIZE = "Size of the newest valid backup."
_FILES = "Valid backups."
_FAULTY = "Files that match and are not valid backups, by reason."
_RATIO = "Size of the newest valid backup as a share of the median of up to 7 before it."
_SUCCESS = "1 when the folder of the backups could be read."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that matches, or a folder of a dump as a whole. `state` changes whenever its content does."""

    path: Path
    modified: float
    size: int
    state: tuple[int, ...] | None  # None when not even that can be read


@dataclass(frozen=True, slots=True)
class Report:
    """What one check found; not `complete` when there was no time to examine every file."""

    families: tuple[Family, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Examined:
    candidate: Candidate
    verdict: Verdict


class Inspector:
    """Checks one entry; remembers what a file was found to be until the file changes.

    `now` is Unix time in seconds, `timer` any clock for what passed. One check at a time, in any thread.
    """

    def __init__(
        self, entry: BackupSettings, now: Callable[[], float], timer: Callable[[], float] = time.monotonic
    ) -> None:
        self.entry = entry
        self._now = now
        self._timer = timer
        self._known: dict[tuple[int, ...], Verdict] = {}
        self._told: set[tuple[Path, Verdict]] = set()
        self._streak = Streak()

    def check(self, stopped: Callable[[], bool]) -> Report:
        """Examine what is new since the last check, the newest first.

        Raises:
            StoppedError: `stopped` returned True.
        """
        try:
            found = candidates(self.entry)
        except OSError as error:
            return self.failed(error.strerror or "cannot be read")
        if ended := self._streak.ended(self._now()):
            log.info("backups can be read again", extra={"backup": self.entry.name, **ended})
        deadline = self._timer() + _LONGEST
        examined: list[_Examined] = []
        complete = True
        for candidate in sorted(found, key=lambda each: (each.modified, each.path), reverse=True):
            if self._timer() > deadline and candidate.state not in self._known:
                complete = False
                break
            verdict = self._verdict(candidate, stopped)
            if verdict is not None:
                examined.append(_Examined(candidate, verdict))
        if complete:
            self._forget(found)
        return Report(tuple(_families(self.entry, examined, complete=complete)), complete)

    def failed(self, reason: str, level: int = logging.WARNING) -> Report:
        """Return what is served when the entry cannot be checked; the log says once why."""
        if self._streak.failed(reason, self._now()):
            facts = {"backup": self.entry.name, "path": _printable(self.entry.path), "reason": reason}
            log.log(level, "backups cannot be read", extra=facts)
        return Report((_family(self.entry, "check_success", _SUCCESS, 0),))

    def _verdict(self, candidate: Candidate, stopped: Callable[[], bool]) -> Verdict | None:
        """Return what the file is, or None when it is gone or may still be being written."""
        verdict = self._known.get(candidate.state or ())
        if verdict is None:
            try:
                verdict = self._look(candidate, stopped)
            except FileNotFoundError:
                return None
            except OSError:
                verdict = Verdict.UNREADABLE
        if verdict is not Verdict.VALID:
            if verdict is not Verdict.UNREADABLE and abs(self._now() - candidate.modified) < SETTLING:
                return None
            self._tell(candidate, verdict)
        if verdict is not Verdict.UNREADABLE and candidate.state:
            self._known[candidate.state] = verdict
        return verdict

    def _look(self, candidate: Candidate, stopped: Callable[[], bool]) -> Verdict:
        if candidate.state is None:
            return Verdict.UNREADABLE
        if candidate.size < max(1, self.entry.min_size):
            return Verdict.EMPTY
        return examine(candidate.path, stopped)

    def _tell(self, candidate: Candidate, verdict: Verdict) -> None:
        if (candidate.path, verdict) not in self._told:
            facts = {"backup": self.entry.name, "path": _printable(candidate.path), "reason": verdict.value}
            log.warning("a file is no valid backup", extra=facts)
        self._told.add((candidate.path, verdict))

    def _forget(self, found: Iterable[Candidate]) -> None:
        states = {each.state for each in found}
        paths = {each.path for each in found}
        self._known = {state: verdict for state, verdict in self._known.items() if state in states}
        self._told = {each for each in self._told if each[0] in paths}


def candidates(entry: BackupSettings) -> list[Candidate]:
    """Return what an entry means: each file once, also when links lead to it.

    Raises:
        OSError: the folder cannot be read; of a glob that is the part before the first wildcard.
    """
    found: dict[tuple[int, ...] | Path, Candidate] = {}
    for path in _matches(Path(entry.path), entry.pattern):
        candidate = _candidate(path)
        if candidate is not None:
            found.setdefault(candidate.state or path, candidate)
    return list(found.values())


def _matches(path: Path, pattern: str) -> list[Path]:
    if path.is_dir():
        children = sorted(path.iterdir())
        if is_dump_folder([child.name for child in children]):
            return [path]
        # As in a shell, names with a dot in front have to be asked for: tools use them for unfinished files.
        hidden = () if pattern.startswith(".") else "."
        return [child for child in children if _fits(child, pattern) and not child.name.startswith(hidden)]
    if not has_magic(str(path)) or path.exists():
        path.stat()
        return [path]
    os.scandir(_fixed(path)).close()
    found = glob(str(path), recursive=True)  # noqa: PTH207 - a Path takes no absolute glob
    return [each for each in map(Path, sorted(found)) if _fits(each, pattern)]


def _fits(path: Path, pattern: str) -> bool:
    return fnmatchcase(path.name, pattern)


def _fixed(path: Path) -> Path:
    """Return the folder before the first wildcard."""
    return next(parent for parent in path.parents if not has_magic(str(parent)))


def _candidate(path: Path) -> Candidate | None:
    """Return what there is to know from outside; None when it is neither a file nor a folder of a dump."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return _folder(path, status)
    except FileNotFoundError:
        # A link that leads nowhere is there; a file that was removed meanwhile is not.
        return Candidate(path, 0.0, 0, None) if path.is_symlink() else None
    except OSError:
        return Candidate(path, 0.0, 0, None)
    if not stat.S_ISREG(status.st_mode):
        return None
    state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return Candidate(path, status.st_mtime, status.st_size, state)


def _folder(path: Path, status: os.stat_result) -> Candidate | None:
    names = [child.name for child in path.iterdir()]
    if not is_dump_folder(names):
        return None
    parts = [(path / name).stat() for name in names]
    size, newest = sum(part.st_size for part in parts), max(part.st_mtime_ns for part in parts)
    state = (status.st_dev, status.st_ino, size, newest, len(parts))
    return Candidate(path, newest / 1e9, size, state)


def _families(entry: BackupSettings, examined: Sequence[_Examined], *, complete: bool) -> Iterator[Family]:
    valid = [each.candidate for each in examined if each.verdict is Verdict.VALID]
    yield _family(entry, "check_success", _SUCCESS, 1)
    if valid:
        yield _family(entry, "newest_timestamp_seconds", _NEWEST, valid[0].modified)
        yield _family(entry, "newest_size_bytes", _SIZE, valid[0].size)
    if not complete:
        return
    yield _family(entry, "files", _FILES, len(valid))
    if before := [each.size for each in valid[1 : 1 + _BEFORE]]:
        yield _family(entry, "size_ratio", _RATIO, valid[0].size / statistics.median(before))
    names, values = _labels(entry)
    counts = [
        Sample((*values, reason.value), sum(each.verdict is reason for each in examined))
        for reason in _INVALID
    ]
    yield Family("pg_backup_invalid_files", MetricType.GAUGE, _FAULTY, (*names, "reason"), tuple(counts))


def _family(entry: BackupSettings, name: str, text: str, value: Number) -> Family:
    names, values = _labels(entry)
    return Family(f"pg_backup_{name}", MetricType.GAUGE, text, names, (Sample(values, value),))


def _labels(entry: BackupSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if entry.target is None:
        return ("backup",), (entry.name,)
    return ("target", "backup"), (entry.target, entry.name)


def _printable(path: Path | str) -> str:
    """Return a path as text that can be written anywhere; names of files are bytes."""
    return os.fsencode(path).decode(errors="replace")
