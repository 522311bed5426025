"""Owns where an SQL statement ends: a lexer with PostgreSQL's rules for quotes, comments and dollar quotes.

Source of the rules: the chapter "Lexical Structure" of the PostgreSQL manual, with
`standard_conforming_strings` on, as every supported server has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# In an E'' string a backslash escapes, and the string goes on after a quote that follows on a later line.
# No possessive quantifiers: those of Python before 3.11.5 match what they should not (cpython issue 106052).
# Each character fits one alternative only, so that there is nothing to go back to either.
_NEXT_LINE = r"[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*"
_ESCAPES = r"(?:[^'\\]|\\.)*'"
_LETTER = r"A-Za-z_\u0080-\U0010ffff"
_TOKEN = re.compile(
    rf"""
      (?P<blank> [ \t\n\r\f\v]+ | --[^\n\r]* )
    | (?P<comment> /\* )
    | (?P<text> [eE]'{_ESCAPES}(?:(?:{_NEXT_LINE})?'{_ESCAPES})* | '[^']*' | "[^"]*" )
    | (?P<dollar> \$(?:[{_LETTER}][{_LETTER}0-9]*)?\$ )
    | (?P<open> [eE]?' | " )
    | (?P<word> [{_LETTER}][{_LETTER}0-9$]* )
    | (?P<end> ; )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
NO_SQL = "there is no SQL"

_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its semicolon; or what is wrong with the text, and on which of its lines."""

    sql: str
    problem: str = ""
    line: int = 1


def statement(text: str) -> Statement:
    """Return the single statement that `text` holds; comments before it stay, whatever follows it goes."""
    begins = False
    end: int | None = None
    for kind, start in _tokens(text):
        if kind == "open":
            return _wrong(text, start, "a quote or comment that is opened here is never closed")
        if end is not None:
            return _wrong(text, start, "a second statement begins here; a file holds one")
        if kind == "end":
            end = start
        else:
            begins = True
    if not begins:
        return Statement("", NO_SQL)
    return Statement(text[:end].strip())


def _wrong(text: str, offset: int, problem: str) -> Statement:
    return Statement("", problem, text.count("\n", 0, offset) + 1)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield kind and offset of everything that is neither blank nor comment; `open` is never closed."""
    kind, at = "", 0
    while kind != "open" and (match := _TOKEN.match(text, at)):
        kind, start, at = match.lastgroup or "other", at, match.end()
        if kind == "blank":
            continue
        if kind == "comment":
            at = _comment_end(text, at)
            kind = "open" if at < 0 else kind
        elif kind == "dollar":
            closing = text.find(match[0], at)
            at = closing + len(match[0])
            kind = "open" if closing < 0 else kind
        if kind != "comment":
            yield kind, start


def _comment_end(text: str, at: int) -> int:
    """Return the offset behind the comment whose opening ends at `at`, or -1; comments nest."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(text, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return -1
