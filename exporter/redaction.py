"""Owns what must never be said: the secrets in use, and how they are blotted out of any text that leaves.

A secret is learnt where it is read, so that whoever writes a text need not know which. A process has one
`SECRETS`, as it has one log: libraries write there, too.
"""

from __future__ import annotations

import html
import json
import re
import traceback
from bisect import insort
from collections.abc import Iterable, Iterator
from threading import RLock
from types import TracebackType
from urllib.parse import quote, quote_plus

BLOT = "***"

SHORTEST = 4
"""Of fewer characters a password cannot be told from other text: it goes only where a password stands."""

# A token that is made for each connect would otherwise be kept for ever. What goes is the oldest, in one lot.
_MOST, _KEPT = 5000, 4500

# The last @ of a word ends the password, also where libpq would have wanted it percent-encoded.
_IN_URI = re.compile(r"(?P<before>\b[A-Za-z][\w+.-]{0,30}://[^\s:/@\[]{0,200}:)\S{0,2000}(?P<after>@)")
_KEYWORDS = (
    "password|passwd|pgpassword|sslpassword|scram_client_key|scram_server_key|oauth_client_secret"
    "|data_source_pass"
)
_VALUE = r"""(?:'(?:\\.|''|[^'\\])*'?|"(?:\\.|[^"\\])*"?|(?:\\.|[^\s&'"#])+)"""
_IN_PAIR = re.compile(rf"(?P<before>\b(?:{_KEYWORDS})\s*=\s*){_VALUE}", re.IGNORECASE)
_IN_MAPPING = re.compile(rf"""(?P<before>\b(?:{_KEYWORDS})\\?["']\s*:\s*){_VALUE}""", re.IGNORECASE)
_IN_SQL = re.compile(r"(?P<before>\bpassword\s+)'(?:''|[^'])*'?", re.IGNORECASE)


class Secrets:
    """The secrets in use; any thread may ask, and any may teach."""

    def __init__(self) -> None:
        self._forms: dict[str, frozenset[str]] = {}  # of each value; the newest is the last
        self._longest_first: list[str] = []  # a secret may be part of another one, which must go as a whole
        self._lock = RLock()  # a finaliser may fail, and be told of, in the middle of anything

    def learn(self, values: Iterable[str]) -> None:
        """Take values that must never be shown from now on, however they are written."""
        for value in values:
            if len(value) < SHORTEST:
                continue
            with self._lock:
                known = self._forms.pop(value, None)
                self._forms[value] = known or frozenset(_forms(value))
                for form in self._forms[value] if known is None else ():
                    insort(self._longest_first, form, key=lambda each: -len(each))
                if len(self._forms) > _MOST:
                    self._forms = dict(list(self._forms.items())[-_KEPT:])
                    kept = frozenset().union(*self._forms.values())
                    self._longest_first = [form for form in self._longest_first if form in kept]

    def blot(self, text: str) -> str:
        """Return the text without secrets: those that were learnt, and whatever stands as one in a DSN."""
        with self._lock:
            found = [form for form in self._longest_first if form in text]
        for form in found:
            if form in text:
                text = text.replace(form, BLOT)
        for pattern in (_IN_PAIR, _IN_MAPPING, _IN_SQL):
            text = pattern.sub(rf"\g<before>{BLOT}", text)
        return _IN_URI.sub(rf"\g<before>{BLOT}\g<after>", text)


def _forms(value: str) -> Iterator[str]:
    """Yield how a secret is written: as it is, quoted for a DSN, SQL, Python, JSON, HTML, or in a URI."""
    written = value.encode(errors="surrogatepass")
    python = repr(value)[1:-1]
    yield from (value, value.replace("\\", "\\\\").replace("'", "\\'"), value.replace("'", "''"))
    yield from (python, python.replace("\\'", "'"), python.replace("'", "\\'"), repr(written)[2:-1])
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    in_html = html.escape(value)
    yield from (in_html, html.escape(value, quote=False))
    yield in_html.replace("&#x27;", "&#39;").replace("&quot;", "&#34;")  # as Jinja2 does
    for encoded in (quote(written, safe=""), quote(written), quote_plus(written)):
        yield encoded
        yield re.sub("%..", lambda code: code[0].lower(), encoded)


SECRETS = Secrets()


def blot(text: str) -> str:
    """Return the text without the secrets of this process."""
    return SECRETS.blot(text)


def learn(values: Iterable[str]) -> None:
    """Take secrets of this process."""
    SECRETS.learn(values)


def described(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> str:
    """Return the traceback with all causes, without secrets and without a line break at its end."""
    return blot("".join(traceback.format_exception(kind, error, trace)).rstrip("\n"))
