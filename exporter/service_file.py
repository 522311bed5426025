"""Owns where a service of a pg_service.conf leads to; its passwords are libpq's to read.

libpq would look up the host's name while everything else waits; known from here, that happens aside.
Source: PostgreSQL, "The Connection Service File".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_PLACES = ("host", "hostaddr", "port", "dbname", "sslmode")


def with_service(parameters: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the parameters with the place that their service names, if it is in the user's file.

    What is not there, the system's file or a server of directories may have: that is left to libpq.
    """
    name = parameters.get("service") or environ.get("PGSERVICE")
    if not name:
        return dict(parameters)
    try:
        text = _file(environ).read_text(errors="replace")
    except OSError:
        return dict(parameters)
    found = _section(text, name)
    return {key: value for key, value in found.items() if key in _PLACES} | dict(parameters)


def _file(environ: Mapping[str, str]) -> Path:
    named = environ.get("PGSERVICEFILE")
    return Path(named) if named else Path(environ.get("HOME") or Path.home()) / ".pg_service.conf"


def _section(text: str, name: str) -> dict[str, str]:
    """Return what the first section of this name says; of a key that is there twice, what it says first."""
    found: dict[str, str] = {}
    is_ours = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            if is_ours:
                break
            is_ours = line == f"[{name}]"
        elif is_ours and line and line[0] != "#":
            if line.startswith("ldap"):
                return {}
            key, _, value = line.partition("=")
            found.setdefault(key, value)
    return found
