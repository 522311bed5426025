"""Owns where the files are that come with the program: in the wheel, or in the source tree."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """Return the folder `name`, such as `queries`, that ships beside the code."""
    package = Path(__file__).resolve().parent
    packed = package / "shipped" / name
    return packed if packed.is_dir() else package.parent / name
