"""Owns `python -m dashboards`, which writes every dashboard to its file."""

from __future__ import annotations

from pathlib import Path

from dashboards.all import FOLDER, files


def write(folder: Path) -> None:
    """Write the files; one of a dashboard that is gone is removed."""
    made = files()
    for path in folder.glob("*.json"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(FOLDER)
