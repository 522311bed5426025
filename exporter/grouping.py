"""Owns one family of the page: its fragments by target, in order, and what they join to until one changes.

By target, because a page of one target must not cost what all cost; orders are kept, not made for each page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from exporter.render import Format, join
from exporter.segments import Deflated, Fragment, Segment


class Slot(NamedTuple):
    """Where one job's fragments are; slots have an order, and keys with and without a database have none."""

    query: str
    target: str
    database: str
    own: bool


class _Part:
    """One family's fragments of one target in the order of their slots, and what they join to."""

    __slots__ = ("_deflated", "_fragments", "_is_sorted")

    def __init__(self) -> None:
        self._fragments: dict[Slot, Fragment] = {}
        self._is_sorted = True
        self._deflated: Deflated | None = None

    def set(self, slot: Slot, fragment: Fragment) -> None:
        self._is_sorted &= slot in self._fragments
        self._fragments[slot] = fragment
        self._deflated = None

    def remove(self, slot: Slot) -> None:
        del self._fragments[slot]
        self._deflated = None

    def is_empty(self) -> bool:
        return not self._fragments

    def fragments(self) -> Collection[Fragment]:
        if not self._is_sorted:
            self._fragments = {slot: self._fragments[slot] for slot in sorted(self._fragments)}
            self._is_sorted = True
        return self._fragments.values()

    def deflated(self) -> Deflated:
        """Return the bodies, compressed and joined; they are the same in both formats."""
        if self._deflated is None:
            bodies = [fragment.body.deflated for fragment in self.fragments()]
            self._deflated = bodies[0] if len(bodies) == 1 else join(bodies)
        return self._deflated


class Group:
    """A family: its parts by target, in the order of their names, and what those join to."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}
        self._is_sorted = True
        self._deflated: Deflated | None = None

    def set(self, slot: Slot, fragment: Fragment) -> None:
        """Put a slot's fragment of this family, or another in its place."""
        if slot.target not in self._parts:
            self._parts[slot.target] = _Part()
            self._is_sorted = False
        self._parts[slot.target].set(slot, fragment)
        self._deflated = None

    def remove(self, slot: Slot) -> None:
        """Take the fragment of a slot that has one."""
        part = self._parts[slot.target]
        part.remove(slot)
        if part.is_empty():
            del self._parts[slot.target]
        self._deflated = None

    def is_empty(self) -> bool:
        """Whether no slot has a fragment."""
        return not self._parts

    def segments(self, form: Format, targets: Sequence[str] | None) -> list[Segment]:
        """Return the family's header and bodies, or nothing when there is no body."""
        fragments = [fragment for part in self._of(targets) for fragment in part.fragments()]
        if not fragments:
            return []
        return [_header(fragments[0], form), *(fragment.body for fragment in fragments)]

    def deflated(self, form: Format, targets: Sequence[str] | None) -> list[Deflated]:
        """Return the same, compressed and joined."""
        parts = self._of(targets)
        if not parts:
            return []
        header = _header(next(iter(parts[0].fragments())), form).deflated
        if targets is not None:
            return [header, *(part.deflated() for part in parts)]
        if self._deflated is None:
            self._deflated = join([part.deflated() for part in parts])
        return [header, self._deflated]

    def _of(self, targets: Sequence[str] | None) -> Sequence[_Part]:
        if not self._is_sorted:
            self._parts = {target: self._parts[target] for target in sorted(self._parts)}
            self._is_sorted = True
        if targets is None:
            return [*self._parts.values()]
        return [self._parts[target] for target in targets if target in self._parts]


def _header(first: Fragment, form: Format) -> Segment:
    return first.text_header if form is Format.TEXT else first.openmetrics_header
