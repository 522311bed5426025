"""Owns reading a mapping key by key: what does not fit becomes a fault, and reading goes on."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import TypeVar

from exporter.document import Document, KeyPath, suggestion
from exporter.duration import parse_duration
from exporter.errors import Fault

_Choice = TypeVar("_Choice", bound=StrEnum)

# APScheduler and timers take no arbitrary number of seconds, and nobody polls less often.
LONGEST = 30 * 86400.0
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%")


def seconds(value: object) -> float:
    """Return the seconds of a duration of more than 0 and at most 30 days.

    Raises:
        ValueError: it is none; the message does not quote it.
    """
    try:
        result = parse_duration(value) if isinstance(value, str) else 0.0
    except ValueError:
        result = 0.0
    if not 0 < result <= LONGEST:
        raise ValueError("must be a duration above 0 and up to 30d, such as 500ms, 15s or 1m30s")
    return result


def share(value: object) -> float:
    """Return a share of time, above 0 % and up to 100 %, as a number: 0.01 for "1%".

    Raises:
        ValueError: it is none; the message does not quote it.
    """
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    result = float(match[1]) / 100 if match else 0.0
    if not 0 < result <= 1:
        raise ValueError("must be a share of time above 0% and up to 100%, such as 0.5%")
    return result


class Section:
    """The mapping at `path`; faults are appended to `faults`. A key that is null counts as not given."""

    def __init__(
        self, document: Document, path: KeyPath, known: Collection[str], faults: list[Fault]
    ) -> None:
        self._document = document
        self._path = path
        self._faults = faults
        value: object = document.value
        for part in path:
            if isinstance(value, list) and isinstance(part, int):
                value = value[part] if part < len(value) else None
            else:
                value = value.get(str(part)) if isinstance(value, dict) else None
        self._values: dict[str, object] = value if isinstance(value, dict) else {}
        if value is not None and not isinstance(value, dict):
            faults.append(document.fault(path, "must be a mapping", "key: value"))
        for key in sorted(self._values.keys() - set(known)):
            self.fault(key, "unknown key", suggestion(key, known))

    def fault(self, key: str, problem: str, remedy: str = "") -> None:
        """Note a fault of `key`."""
        self._faults.append(self._document.fault((*self._path, key), problem, remedy))

    def has(self, key: str) -> bool:
        """Return whether `key` is given."""
        return self._values.get(key) is not None

    def require(self, *keys: str) -> None:
        """Note a fault for each of `keys` that is not given."""
        for key in keys:
            if not self.has(key):
                self.fault(key, "is missing")

    def keys(self, key: str) -> tuple[str, ...]:
        """Return the keys of the mapping under `key`, which is not empty."""
        value = self._values.get(key)
        if isinstance(value, dict) and value:
            return tuple(value)
        if value is not None:
            self.fault(key, "must be a mapping that is not empty", "key: value")
        return ()

    def text(self, key: str, shape: str = "", remedy: str = "") -> str | None:
        """Return one line of text that matches the pattern `shape`, if one is given."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(key, "must be text", "put it in quotes")
        elif not value.strip():
            self.fault(key, "is empty")
        elif not value.isprintable():
            self.fault(key, "must be one line of printable text")
        elif shape and not re.fullmatch(shape, value):
            self.fault(key, "does not have the right form", remedy)
        else:
            return value
        return None

    def lines(self, key: str) -> str:
        """Return text that may have several lines; empty when it is not given."""
        value = self._values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.fault(key, "must be text")
            return ""
        return value.strip()

    def duration(self, key: str) -> float | None:
        """Return a duration in seconds."""
        if not self.has(key):
            return None
        try:
            return seconds(self._values[key])
        except ValueError as error:
            self.fault(key, str(error))
            return None

    def whole(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number from `low` to `high`."""
        value = self._values.get(key)
        if value is None:
            return None
        # To Python True is 1.
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.fault(key, f"must be a whole number from {low} to {high}")
        return None

    def flag(self, key: str) -> bool:
        """Return whether `key` is true; not given is false."""
        value = self._values.get(key, False)
        if isinstance(value, bool):
            return value
        self.fault(key, "must be true or false")
        return False

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of names, none of them twice."""
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            self.fault(key, "must be a list of names", f"{key}: [a, b]")
            return ()
        for name in sorted({name for name in value if value.count(name) > 1}):
            self.fault(key, f"names {name} twice")
        return tuple(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return one text, or a list of texts; empty when it is not given."""
        value = self._values.get(key)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if (value is None or listed) and all(isinstance(text, str) for text in listed):
            return tuple(listed)
        self.fault(key, "must be text, or a list of texts", "put it in quotes")
        return ()

    def choice(self, key: str, kinds: type[_Choice]) -> _Choice | None:
        """Return a member of `kinds`."""
        value = self._values.get(key)
        if value is None:
            return None
        words = [str(kind) for kind in kinds]
        if isinstance(value, str) and value in words:
            return kinds(value)
        self.fault(key, f"must be one of {', '.join(words)}", suggestion(str(value), words))
        return None
