"""Owns how tests load settings and read the faults, and that no fault of any of them tells the secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.errors import ConfigError, Fault
from exporter.loading import load
from exporter.settings import Settings

SECRET = "hunter2"
DSN = f"postgresql://monitor:{SECRET}@db:5432/app"
TARGET = f"targets: [{{name: main, dsn: '{DSN}'}}]\n"


def written(folder: Path, text: str) -> Path:
    """Write a configuration file and return its path."""
    path = folder / "exporter.yaml"
    path.write_text(text)
    return path


def settings(
    folder: Path,
    text: str = "",
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Settings:
    """Load a file that has one good target and `text`."""
    return load(written(folder, TARGET + text), environ or {}, flags or {})


def rejected(
    path: Path | None, environ: Mapping[str, str] | None = None, flags: Mapping[str, object] | None = None
) -> list[Fault]:
    """Return the faults of a configuration, after seeing that they keep the secret."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {}, flags or {})
    told = [str(caught.value), repr(caught.value), repr(caught.value.faults), repr(caught.value.__cause__)]
    assert not [text for text in told if SECRET in text]
    return list(caught.value.faults)


def faults(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[Fault]:
    """Return the faults of a whole file."""
    return rejected(written(folder, text), environ)


def places(found: list[Fault]) -> list[tuple[str, str]]:
    """Return where each fault is and at which key."""
    return [(fault.where.rpartition("/")[2], fault.key) for fault in found]
