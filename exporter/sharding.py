"""Owns which shard of a fleet polls a target: rendezvous hashing, so that another shard moves only its share.

Pure. Every process works it out by itself from names alone, so shards need not know of each other.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

MOST = 1000
_FORM = re.compile(r"(?P<number>auto|[0-9]{1,4})/(?P<count>[0-9]{1,4})")
_ORDINAL = re.compile(r"-([0-9]{1,4})$")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shards; `number` counts from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        """Write it as a user does."""
        return f"{self.number}/{self.count}"

    def has(self, name: str) -> bool:
        """Whether the target, or whatever else has a name, belongs to this shard."""
        return owner(name, self.count) == self.number


def owner(name: str, count: int) -> int:
    """Return the number of the shard that `name` belongs to, the one whose hash with it is highest.

    A shard that is added takes a name only by being highest itself, so nothing moves between the others. The
    hash is part of what shards of different versions agree on: it must never change.
    """
    return max(range(1, count + 1), key=lambda number: _score(number, name))


def parse(text: str, host: str) -> Shard:
    """Return the shard that `2/5` means; `auto/5` takes the ordinal that a StatefulSet gave the host, plus 1.

    Raises:
        ValueError: it is none, in words for the user.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise ValueError("must be like 2/5, the second of five shards, or auto/5")
    count = int(form["count"])
    if not 1 <= count <= MOST:
        raise ValueError(f"must have 1 to {MOST} shards")
    if form["number"] != "auto":
        number, problem = int(form["number"]), f"shards count from 1 to {count}"
    else:
        number = _ordinal(host) + 1
        problem = f"the host name {host} means shard {number}, and there are {count}"
    if not 1 <= number <= count:
        raise ValueError(problem)
    return Shard(number, count)


def _ordinal(host: str) -> int:
    found = _ORDINAL.search(host.partition(".")[0])
    if found is None:
        raise ValueError(f"the host name {host} does not end in -0, -1 ... as in a pod of a StatefulSet")
    return int(found[1])


def _score(number: int, name: str) -> bytes:
    return hashlib.blake2b(f"{number}/{name}".encode(), digest_size=8).digest()
