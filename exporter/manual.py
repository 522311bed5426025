"""Owns the command `config`: what the configuration file can hold, for editors and for people."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TextIO

from exporter.document import reason
from exporter.errors import ConfigError, Fault
from exporter.key_tables import page, reference
from exporter.schema import schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `config`."""
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--schema", action="store_true", help="a JSON schema (draft 2020-12), for editors")
    wanted.add_argument(
        "--markdown",
        nargs="?",
        const="",
        metavar="PAGE",
        help="all keys, variables and flags; or the file PAGE, with the tables of keys in it made anew",
    )


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print what is wanted."""
    if args.schema:
        print(json.dumps(schema(), indent=2, ensure_ascii=False), file=out)
    elif args.markdown:
        print(page(_read(Path(args.markdown))), end="", file=out)
    else:
        print(reference(), end="", file=out)
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([Fault(str(path), "", f"the file cannot be read: {reason(error)}")]) from None
