"""Owns basic authentication: bcrypt in a thread of its own, and a small memory of what was checked.

Written after the toolkit's behaviour: an unknown user costs what a known one costs.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

_KEPT = 100
# bcrypt reads no more of a password, and Python's refuses to be given more.
_LONGEST = 72
# A salt and a digest that nobody knows a password for; the cost stands before it.
_FAKE = "QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"


class BasicAuth:
    """Says whether a request may come in. One check of a password runs at a time, as each is costly."""

    def __init__(self) -> None:
        self._results = _Results()
        self._thread = ThreadPoolExecutor(1, "bcrypt")
        self._turn = asyncio.Lock()

    async def allows(self, header: bytes | None, users: Mapping[str, str]) -> bool:
        """Return whether `header`, the value of Authorization, names one of `users` and its password."""
        given = credentials(header)
        if given is None:
            return False
        user, password = given
        hashed = users.get(user)
        against = hashed or _fake(users)
        known = self._results.get(user, against, password)
        if known is None:
            async with self._turn:
                known = self._results.get(user, against, password)
                if known is None:
                    known = await self._check(against, password) and hashed is not None
                    self._results.put(user, against, password, known)
        return known

    async def _check(self, hashed: str, password: bytes) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._thread, matches, hashed, password)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def credentials(header: bytes | None) -> tuple[str, bytes] | None:
    """Return user and password of a header, None when it holds none (RFC 7617)."""
    scheme, _, encoded = (header or b"").partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def matches(hashed: str, password: bytes) -> bool:
    """Return whether bcrypt makes `hashed` of the password."""
    try:
        return bcrypt.checkpw(password[:_LONGEST], hashed.encode())
    except ValueError:
        return False


def _fake(users: Mapping[str, str]) -> str:
    """Return the hash of nobody, as costly as the costliest there is: its time tells no name."""
    cost = max((hashed[4:6] for hashed in users.values()), default="10")
    return f"$2y${cost}${_FAKE}"


class _Results:
    """The newest results. Passwords are not kept: a key is their HMAC under a secret of this process."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, bool] = OrderedDict()

    def get(self, user: str, hashed: str, password: bytes) -> bool | None:
        return self._kept.get(self._key(user, hashed, password))

    def put(self, user: str, hashed: str, password: bytes, result: bool) -> None:  # noqa: FBT001 - it is what is kept
        if len(self._kept) >= _KEPT:
            # Guesses make room first, so that nobody can push out who is let in.
            wrong = next((key for key, good in self._kept.items() if not good), None)
            self._kept.pop(wrong or next(iter(self._kept)))
        self._kept[self._key(user, hashed, password)] = result

    def _key(self, *parts: str | bytes) -> bytes:
        """Return a key in which no part can pass for another: each says how long it is."""
        made = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            made.update(len(data).to_bytes(8, "big") + data)
        return made.digest()
