"""Owns how tests write profiles and read what the loader makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.errors import ConfigError, Fault
from exporter.profile import Profile
from exporter.profile_files import load

GOOD = """\
help: A server.
time: naive_utc
parameters:
  ttl: {default: 30d, help: Lifetime.}
secrets:
  tok: [value]
recognise:
  tok: {id: uuid, ends: timestamp}
tokens:
  all:
    relation: tok
    kind: access
    issued: made
    expires: ends
    revoked: {column: gone, is: set}
  pairs:
    relation: tok
    opt_in: each row is two
    joins:
      other: {relation: tok2, on: "{other.id} = {id}"}
    kind: refresh
    expires: {sql: "{other.made:time} + ${ttl}"}
unobservable:
  codes: {reason: there are none}
"""


def changed(old: str, new: str) -> str:
    """Return the good profile with one thing about it changed."""
    assert old in GOOD
    return GOOD.replace(old, new)


def written(directory: Path, files: Mapping[str, str]) -> Path:
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory


def profile(directory: Path, text: str = GOOD, name: str = "mine") -> Profile:
    """Return the profile that a text is."""
    return load([written(directory, {f"{name}.yaml": text})])[name]


def faults(directory: Path, files: Mapping[str, str]) -> list[Fault]:
    """Return what the loader says about files, with paths as in `files`."""
    with pytest.raises(ConfigError) as caught:
        load([written(directory, files)])
    return [
        Fault(fault.where.removeprefix(f"{directory}/"), fault.key, fault.problem, fault.remedy)
        for fault in caught.value.faults
    ]
