"""Owns what is wrong between settings that are fine one by one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from exporter.document import KeyPath, reason, suggestion
from exporter.errors import Fault
from exporter.settings import Settings
from exporter.target_settings import TargetSettings


def conflicts(settings: Settings, environ: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what is wrong between settings that are fine one by one, and passwords that cannot be had."""
    names: dict[str, str] = {}
    for index, target in enumerate(settings.targets):
        at: KeyPath = ("targets", index)
        fault = settings.fault((*at, "name"), "another target has this name", "give each its own")
        if target.name in names:
            yield replace(fault, problem=f"{fault.problem}: {names[target.name]}")
        names.setdefault(target.name, fault.where)
        given = {
            "password_file": target.password_file,
            "password_env": target.password_env,
            "password_command": target.password_command,
        }
        sources = [key for key, value in given.items() if value is not None]
        for key in sources[1:]:
            yield settings.fault((*at, key), f"{sources[0]} is given too", "a password has one source")
        for key, problem in _without_password(target, environ):
            yield settings.fault((*at, key), problem)
    yield from _backup_conflicts(settings, names)
    if settings.pause_dir is not None:
        try:
            os.scandir(settings.pause_dir).close()
        except OSError as error:
            yield settings.fault(("pause_dir",), f"the folder cannot be read: {reason(error)}")


def _backup_conflicts(settings: Settings, targets: Collection[str]) -> Iterator[Fault]:
    names: set[str] = set()
    for index, backup in enumerate(settings.backups):
        at: KeyPath = ("backups", index)
        if backup.name in names:
            yield settings.fault((*at, "name"), "other backups have this name", "give each their own")
        names.add(backup.name)
        if backup.target is not None and backup.target not in targets:
            remedy = suggestion(backup.target, targets)
            yield settings.fault((*at, "target"), "there is no target of this name", remedy)


def _without_password(target: TargetSettings, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield why a password cannot be had; what the user gave as its source may be the password: no quotes."""
    if target.password_file is not None:
        try:
            Path(target.password_file).open("rb").close()
        except OSError as error:
            yield "password_file", f"the file cannot be read: {reason(error)}"
    if target.password_env is not None and not environ.get(target.password_env):
        yield "password_env", "there is no environment variable of this name, or it is empty"
    command = target.password_command
    if command is not None and shutil.which(command[0], path=environ.get("PATH")) is None:
        yield "password_command", "there is no such program"
