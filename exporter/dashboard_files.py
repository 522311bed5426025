"""Owns the shipped Grafana dashboards: the command `dashboards`, and where they are in a Grafana."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import yaml

from exporter import packed, table
from exporter.errors import ConfigError, Fault

_LABELS = {"app.kubernetes.io/name": "pg-oauth-exporter", "grafana_dashboard": "1"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `dashboards`."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--to", type=Path, metavar="DIR", help="copy the files into this folder")
    form.add_argument("--kubernetes", action="store_true", help="print a ConfigMap for each dashboard")


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard in somebody's Grafana; `address` ends where the name of a target is expected."""

    title: str
    address: str


def dashboards_in(grafana: str) -> tuple[Dashboard, ...]:
    """Return the shipped dashboards as they are found in a Grafana at this address; none for an empty one."""
    if not grafana:
        return ()
    pages = [json.loads(path.read_text()) for path in sorted(shipped_directory().glob("*.json"))]
    return tuple(
        Dashboard(page["title"], f"{grafana.rstrip('/')}/d/{page['uid']}?var-target=") for page in pages
    )


def shipped_directory() -> Path:
    """Return the folder of the dashboards that come with the program: of the wheel, or of the source tree."""
    return packed.folder("dashboards")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Do what was asked for; return the exit code.

    Raises:
        ConfigError: the folder cannot be written.
    """
    files = {path.name: path.read_text() for path in sorted(shipped_directory().glob("*.json"))}
    if args.to:
        _copy(files, args.to, out)
    elif args.kubernetes:
        out.write(config_maps(files))
    else:
        rows = [(page["uid"], page["title"]) for page in map(json.loads, files.values())]
        out.writelines(f"{line}\n" for line in table.lines(("uid", "title"), rows))
    return 0


def config_maps(files: Mapping[str, str]) -> str:
    """Return a ConfigMap for each file; one of all would be larger than Kubernetes takes."""
    return yaml.safe_dump_all(_config_maps(files), sort_keys=False, width=10_000)


def _config_maps(files: Mapping[str, str]) -> Iterator[object]:
    for name, text in files.items():
        # Without its indents a file is half as large; the limit is 1 MiB.
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"dashboard-{name.removesuffix('.json')}", "labels": _LABELS.copy()},
            "data": {name: json.dumps(json.loads(text), separators=(",", ":"))},
        }


def _copy(files: Mapping[str, str], folder: Path, out: TextIO) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
            out.write(f"{folder / name}\n")
    except OSError as error:
        raise ConfigError([Fault(str(folder), "", f"cannot be written: {error.strerror}")]) from None
