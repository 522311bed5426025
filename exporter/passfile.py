"""Owns what is wrong with the password file that libpq reads; it would tell standard error, and no log."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Passfile:
    """The file in which libpq looks for a password. `problem` says why it does not take it."""

    path: Path
    problem: str = ""

    @property
    def remedy(self) -> str:
        """What to do when no password came of it."""
        if self.problem:
            return f"the password file {self.path} {self.problem}"
        return f"no line of the password file {self.path} is for this host, port, database and role"

    @property
    def elsewhere(self) -> str:
        """A path below the file, where there can be nothing: libpq passes over it without a word."""
        return f"{self.path}/not-used"


def passfile(parameters: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> Passfile | None:
    """Return the password file of a connection; None when it has a password, or no file is there or named."""
    if parameters.get("password") or environ.get("PGPASSWORD"):
        return None
    named = parameters.get("passfile") or environ.get("PGPASSFILE")
    path = Path(named) if named else Path(environ.get("HOME") or Path.home()) / ".pgpass"
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = (os.strerror(error.errno) if error.errno else "unreadable").lower()
        return Passfile(path, f"cannot be read: {reason}") if named else None
    return Passfile(path, _problem(path, mode))


def _problem(path: Path, mode: int) -> str:
    if not stat.S_ISREG(mode):
        return "is no plain file"
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return (
            f"is not used, as others may read or write it: its mode is {stat.S_IMODE(mode):04o}, chmod 600 it"
        )
    if not os.access(path, os.R_OK):
        return "cannot be read: permission denied"
    return ""
