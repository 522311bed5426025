"""Owns the command `completion`: a script that lets a shell complete the command line."""

from __future__ import annotations

import argparse
from typing import TextIO

import shtab

from exporter.usage import Parser

SHELLS = ("bash", "zsh", "tcsh")
_BY_METAVAR = {"FILE": shtab.FILE, "PAGE": shtab.FILE, "DIR": shtab.DIRECTORY}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or tcsh")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print the script for the parser of the whole command line, which `args` carries."""
    whole: Parser = args.whole
    for parser in whole.commands().values():
        for action in parser.actions():
            if action.metavar in _BY_METAVAR:
                action.complete = _BY_METAVAR[action.metavar]  # type: ignore[attr-defined]  # shtab's own way
    print(shtab.complete(whole, shell=args.shell), file=out)
    return 0
