"""Owns the command `completion`: a script that lets a shell complete the command line."""

from __future__ import annotations

import argparse
from typing import TextIO

from exporter.usage import Parser

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or tcsh")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print the script for the parser of the whole command line, which `args` carries."""
    import shtab  # noqa: PLC0415 - a tenth of a second that no other command has to wait

    by_metavar = {"FILE": shtab.FILE, "PAGE": shtab.FILE, "DIR": shtab.DIRECTORY}
    whole: Parser = args.whole
    for parser in whole.commands().values():
        for action in parser.actions():
            if action.metavar in by_metavar:
                action.complete = by_metavar[action.metavar]  # type: ignore[attr-defined]  # shtab's own way
    print(shtab.complete(whole, shell=args.shell), file=out)
    return 0
