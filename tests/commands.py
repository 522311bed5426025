"""Owns how tests run a command for people in this process, and give it queries of their own."""

from __future__ import annotations

import argparse
import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import ModuleType

import yaml

from exporter import configuration
from exporter.configuration import Configuration

Run = Callable[[Configuration, argparse.Namespace, io.StringIO], Awaitable[int]]

HEADER = """\
-- help: A query of a test.
-- every: 15s
-- timeout: {timeout}
-- scope: {scope}
-- labels: [a]
-- limit: 40
-- metrics:
--   {name}: {{column: n, type: gauge, help: "Of a test."}}

{sql}
"""


def load(*dsns: str, queries_dir: Path | None = None, **settings: object) -> Configuration:
    """Load a configuration of one target, main; or of two, first and second, and the set `mine` alone."""
    names = ("first", "second")
    targets = [{"name": name, "dsn": dsn} for name, dsn in zip(names, dsns, strict=False)]
    if queries_dir is None:
        return configuration.load(None, {}, {"DATA_SOURCE_NAME": dsns[0]})
    file = queries_dir / "exporter.yaml"
    content = {
        "targets": targets,
        "queries_dirs": [str(queries_dir / "queries")],
        "sets": ["mine"],
        **settings,
    }
    file.write_text(yaml.safe_dump(content))
    return configuration.load(file, {}, {})


def write_queries(
    folder: Path, queries: Mapping[str, str], *, scope: str = "server", timeout: str = "500ms"
) -> Path:
    """Write SQL texts as the set `mine`, each with the label a and the metric column n; return the folder."""
    place = folder / "queries" / "mine"
    place.mkdir(parents=True, exist_ok=True)
    for name, sql in queries.items():
        text = HEADER.format(name=name, sql=sql, scope=scope, timeout=timeout)
        (place / f"{name}.sql").write_text(text)
    return folder


def command(module: ModuleType, loaded: Configuration, *arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed on standard output."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    out = io.StringIO()
    code = asyncio.run(module.run(loaded, parser.parse_args(arguments), out))
    return code, out.getvalue()
