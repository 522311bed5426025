"""Owns what a user can say about backups."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.fields import Duration, NamePattern, Strict, TargetName, Text


class BackupSettings(Strict):
    """Backups to watch on a disk. `every` in seconds, `min_size` in bytes; `path` is a folder or a glob."""

    name: TargetName
    path: Text
    pattern: NamePattern = "*"
    every: Duration = 300.0
    min_size: Annotated[int, Field(strict=True, ge=0)] = 0
    target: TargetName | None = None
