"""Owns the newest fragments of every job with their expiry, and builds pages by joining them.

Used from one thread only (the event loop's), so it has no locks. A page groups by family, because a second
header of the same family would make it invalid; the order of families and of jobs within one is kept between
pages, so building a page neither sorts nor renders nor compresses.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exporter.model import JobKey
from exporter.render import OPENMETRICS_END, Format, gzip_stream, join
from exporter.segments import Deflated, Fragment, Segment


class _Slot(NamedTuple):
    """Where one job's fragments are; slots have an order, and keys with and without a database have none."""

    query: str
    target: str
    database: str
    own: bool


@dataclass(frozen=True, slots=True)
class _Content:
    """What a slot holds. Unix times in seconds."""

    fragments: dict[str, Fragment]  # by family
    put_at: float
    expires_at: float
    samples: int


@dataclass(frozen=True, slots=True)
class Served:
    """What the page has of one target: samples, and when the newest and the oldest polled values were put.

    Unix times in seconds, None when nothing polled is there.
    """

    samples: int = 0
    newest: float | None = None
    oldest: float | None = None


class _Group:
    """The fragments of one family in the order of their slots, and what they join to until one changes."""

    def __init__(self) -> None:
        self._fragments: dict[_Slot, Fragment] = {}
        self._is_sorted = True
        self._deflated: dict[Format, Deflated] = {}

    def set(self, slot: _Slot, fragment: Fragment) -> None:
        self._is_sorted &= slot in self._fragments
        self._fragments[slot] = fragment
        self._deflated.clear()

    def remove(self, slot: _Slot) -> None:
        del self._fragments[slot]
        self._deflated.clear()

    def is_empty(self) -> bool:
        return not self._fragments

    def segments(self, form: Format, targets: Collection[str] | None) -> list[Segment]:
        """Return the family's header and bodies, or nothing when there is no body."""
        if not self._is_sorted:
            self._fragments = {slot: self._fragments[slot] for slot in sorted(self._fragments)}
            self._is_sorted = True
        fragments = [
            fragment
            for slot, fragment in self._fragments.items()
            if targets is None or slot.target in targets
        ]
        if not fragments:
            return []
        first = fragments[0]
        header = first.text_header if form is Format.TEXT else first.openmetrics_header
        return [header, *(fragment.body for fragment in fragments)]

    def deflated(self, form: Format, targets: Collection[str] | None) -> Deflated:
        """Return the same, compressed and joined."""
        if targets is not None:
            return join([segment.deflated for segment in self.segments(form, targets)])
        if form not in self._deflated:
            self._deflated[form] = join([segment.deflated for segment in self.segments(form, None)])
        return self._deflated[form]


class Store:
    """What the exporter knows at the moment, as bytes. `now` returns Unix time in seconds.

    A put replaces what the job had put before, whole. It has at most one fragment of a family.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._contents: dict[_Slot, _Content] = {}
        self._groups: dict[str, _Group] = {}
        self._families: list[str] | None = None
        self._scraped: set[Format] = set()

    def put(self, key: JobKey, fragments: Sequence[Fragment], expires_at: float) -> None:
        """Replace a job's polled values; from the Unix time `expires_at` on they are on no page."""
        self._replace(_slot(key, own=False), fragments, expires_at)

    def put_own(self, key: JobKey, fragments: Sequence[Fragment]) -> None:
        """Replace the exporter's own metrics about a job; they do not expire."""
        self._replace(_slot(key, own=True), fragments, math.inf)

    def drop(self, key: JobKey) -> None:
        """Take a job's polled values off the page at once; its own metrics stay."""
        self._remove(_slot(key, own=False))

    def drop_target(self, target: str) -> None:
        """Take all polled values of a target off the page at once; own metrics stay."""
        for slot in [slot for slot in self._contents if slot.target == target and not slot.own]:
            self._remove(slot)

    def forget(self, key: JobKey) -> None:
        """Take everything of a job off the page, its own metrics too: the job is no more."""
        self._remove(_slot(key, own=False))
        self._remove(_slot(key, own=True))

    def newest(self, key: JobKey) -> float | None:
        """Return the Unix time at which the job's values on the page were put; None when there are none."""
        content = self._contents.get(_slot(key, own=False))
        return content.put_at if content is not None and self._now() < content.expires_at else None

    def samples(self) -> int:
        """Return how many samples a page of all targets has."""
        self._expire()
        return sum(content.samples for content in self._contents.values())

    def served(self) -> dict[str, Served]:
        """Return what a page has of each target."""
        self._expire()
        samples: defaultdict[str, int] = defaultdict(int)
        times: defaultdict[str, list[float]] = defaultdict(list)
        for slot, content in self._contents.items():
            samples[slot.target] += content.samples
            if slot.query and not slot.own:
                times[slot.target].append(content.put_at)
        return {
            target: Served(count, max(times[target], default=None), min(times[target], default=None))
            for target, count in samples.items()
        }

    def page(
        self,
        format: Format,  # noqa: A002  # what it is called everywhere; nothing here formats
        *,
        compressed: bool,
        targets: Collection[str] | None = None,
    ) -> bytes:
        """Return a valid page of all targets, or of some; `compressed` makes it one gzip stream.

        Where fragments of one family disagree about its header, the first one's is used.
        """
        self._expire()
        if self._families is None:
            self._families = sorted(self._groups)
        groups = [self._groups[family] for family in self._families]
        end = [OPENMETRICS_END] if format is Format.OPENMETRICS else []
        if compressed:
            self._scraped.add(format)
            parts = [group.deflated(format, targets) for group in groups]
            return gzip_stream([*parts, *(segment.deflated for segment in end)])
        segments = [segment for group in groups for segment in group.segments(format, targets)]
        return b"".join([segment.plain for segment in [*segments, *end]])

    def prepare(self) -> None:
        """Join now what has changed, in the formats that are scraped, so that no scrape has to."""
        for format in self._scraped:  # noqa: A001  # as above
            for group in self._groups.values():
                group.deflated(format, None)

    def _expire(self) -> None:
        now = self._now()
        for slot in [slot for slot, content in self._contents.items() if now >= content.expires_at]:
            self._remove(slot)

    def _replace(self, slot: _Slot, fragments: Sequence[Fragment], expires_at: float) -> None:
        new = {fragment.family: fragment for fragment in fragments}
        old = self._contents.get(slot)
        self._leave(slot, [family for family in old.fragments if family not in new] if old else [])
        for family, fragment in new.items():
            if family not in self._groups:
                self._groups[family] = _Group()
                self._families = None
            self._groups[family].set(slot, fragment)
        count = sum(each.samples for each in new.values())
        self._contents[slot] = _Content(new, self._now(), expires_at, count)

    def _remove(self, slot: _Slot) -> None:
        content = self._contents.pop(slot, None)
        if content is not None:
            self._leave(slot, content.fragments)

    def _leave(self, slot: _Slot, families: Collection[str]) -> None:
        for family in families:
            group = self._groups[family]
            group.remove(slot)
            if group.is_empty():
                del self._groups[family]
                self._families = None


def _slot(key: JobKey, *, own: bool) -> _Slot:
    return _Slot(key.query, key.target, key.database or "", own)
