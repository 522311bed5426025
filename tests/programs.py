"""Owns the search for other real programs that tests drive: skip without one, fail where it is required."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

# What each program is called where; Debian renames some.
NAMES = {
    "promtool": ("promtool",),
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "amtool": ("amtool",),
    "pgbouncer": ("pgbouncer",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}


def locate(program: str) -> Path | None:
    """Return where a program is, or None. Daemons live in folders that not every user has on the PATH."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    found = (shutil.which(name, path=path) for name in NAMES.get(program, (program,)))
    return next((Path(each) for each in found if each), None)


def require(program: str, variable: str | None = None) -> Path:
    """Return where a program is; without it skip the test, or fail it when `variable` is set.

    The variable is REQUIRE_<NAME> unless another is given; .ci/run sets it.
    """
    found = locate(program)
    if found is not None:
        return found
    variable = variable or f"REQUIRE_{program.upper()}"
    if os.environ.get(variable):
        pytest.fail(f"{program} is not installed, and {variable} is set", pytrace=False)
    pytest.skip(f"{program} is not installed")


def describe() -> str:
    """Say in one line which programs are there, with versions."""
    return ", ".join(f"{program} {_version(locate(program))}" for program in NAMES)


def _version(program: Path | None) -> str:
    if program is None:
        return "not found"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20)
    match = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return match[0] if match else "of unknown version"
