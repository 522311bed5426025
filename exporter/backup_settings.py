"""Owns what a user can say about backups."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.fields import Duration, NamePattern, PathText, Strict, TargetName


class BackupSettings(Strict):
    """Backups to watch on a disk. `every` in seconds, `min_size` in bytes; `path` is a folder or a glob."""

    name: TargetName = Field(
        description="the label `backup`, written as the name of a target is; each entry has its own"
    )
    path: PathText = Field(
        description=(
            "a folder, which is not searched in depth, or a glob such as `/backups/*/*.dump`; `**` is any "
            "depth. A folder that pg_dump wrote in its directory format is one backup"
        ),
    )
    pattern: NamePattern = Field(
        default="*",
        description="a shell pattern for the names; names with a dot in front have to be asked for: `.*`",
    )
    every: Duration = Field(default=300.0, description="the interval")
    min_size: Annotated[int, Field(strict=True, ge=0)] = Field(
        default=0, description="in bytes; a smaller file counts as empty"
    )
    target: TargetName | None = Field(
        default=None, description="the name of a target that the backups are of; adds the label `target`"
    )
