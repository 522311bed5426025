"""Owns how the command line explains itself, in 80 columns, and what it says to a mistake."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

_WIDTH = 80
_TEXTS = Path(__file__).parent / "help"
_MARK = "%%"
_COMMON = f"{_MARK}common"
# A word that may be repeated: whatever else was typed may be a DSN in the wrong place.
_PLAIN = re.compile(r"-{0,2}[A-Za-z][A-Za-z.-]{0,40}")
_CHOICE = re.compile(r"argument (?P<name>\S+): invalid choice: '(?P<word>.*?)'")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as a manual, however wide the terminal is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=_WIDTH)
        self._action_max_length = 14  # argparse forgets to indent when it measures commands


class Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations, and names the nearest word where one is misspelt."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(**{"formatter_class": _Formatter, "allow_abbrev": False, **kwargs})

    def explain(self, name: str) -> None:
        """Take description and sections of the manual from the text of that name."""
        about, _, rest = (_TEXTS / f"{name}.txt").read_text(encoding="utf-8").partition(f"\n{_MARK}\n")
        common = (_TEXTS / "common.txt").read_text(encoding="utf-8")
        self.description = about
        self.epilog = rest.replace(f"{_COMMON}\n", f"{common.lstrip()}\n").strip()

    def actions(self) -> tuple[argparse.Action, ...]:
        """Return what it takes: options and arguments."""
        return tuple(self._actions)

    def commands(self) -> dict[str, Parser]:
        """Return the parsers of its commands by name."""
        found = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 - argparse has no other name for it
        return {name: parser for action in found for name, parser in action.choices.items()}

    def parse_known_args(  # type: ignore[override]  # argparse has overloads for other namespaces
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and refuse what is unknown where its options are known: in the parser of the command."""
        words = list(sys.argv[1:] if args is None else args)[:1]
        if self._subparsers and words and words[0].startswith("-"):
            known = words[0].partition("=")[0] in self._option_string_actions
            if not known:  # else argparse would only miss the command
                self.error(_unknown(words, self._option_string_actions))
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(_unknown(rest, self._option_string_actions))
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where the manual is; exit with 2."""
        choice = _CHOICE.match(message)
        if choice:
            message = self._refused(choice["name"], choice["word"])
        name = self.prog
        self.exit(2, f"{self.format_usage()}`{name} --help` says more\n{name}: error: {message}\n")

    def _refused(self, name: str, word: str) -> str:
        actions = [action for action in self._actions if action.choices is not None]
        [action] = [each for each in actions if name in (each.metavar, each.dest, *each.option_strings)]
        choices = [str(choice) for choice in action.choices or ()]
        what = "command" if name == "COMMAND" else f"value of {name}"
        return f"{_named(f'unknown {what}', word)}{_near(word, choices)}"


def _unknown(rest: Iterable[str], options: Iterable[str]) -> str:
    flags = [word.partition("=")[0] for word in rest if word.startswith("-")]
    if not flags:
        return "an argument too many"
    return f"{_named('unknown option', flags[0])}{_near(flags[0], options)}"


def _named(what: str, word: str) -> str:
    return f"{what} {word}" if _PLAIN.fullmatch(word) else what


def _near(word: str, known: Iterable[str]) -> str:
    words = list(known)
    near = get_close_matches(word, words, 1)
    if near:
        return f", did you mean {near[0]}?"
    return f"; there are {', '.join(words)}" if not word.startswith("-") else ""
