"""Owns the newest fragments of every job with their expiry, and builds pages by joining them.

Used from one thread only (the event loop's), so it has no locks. A page groups by family, because a second
header of the same family would make it invalid; within a family it groups by target, so that a page of one
target is as cheap as its share. Building a page neither renders nor compresses, and sorts what is new only.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from exporter.grouping import Group, Slot
from exporter.model import Family, JobKey
from exporter.render import OPENMETRICS_END, Format, Labels, fragment, gzip_stream
from exporter.segments import Fragment

# Seconds after a scrape of all targets for which pages are prepared: longer than anybody's scrape interval.
_SCRAPED_LATELY = 300.0


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


class Store:
    """What the exporter knows at the moment, as bytes. `now` returns Unix time in seconds.

    A put replaces what the job had put before, whole. It has at most one fragment of a family.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._contents: dict[Slot, _Content] = {}
        self._slots: dict[str, set[Slot]] = {}  # of the same, by target
        self._expiries: list[tuple[float, Slot]] = []  # a heap; of what was replaced, too, until its time
        self._samples = 0
        self._labels: Mapping[str, Labels] = {}
        self._groups: dict[str, Group] = {}
        self._families: list[str] | None = None
        self._scraped: dict[Format, float] = {}
        self._muted: dict[str, tuple[Slot, dict[Slot, _Content]]] = {}
        # The newest page of each kind, for as long as nothing changes: clients that read slowly share it.
        self._pages: dict[tuple[Format, bool], bytes] = {}

    def put(self, key: JobKey, fragments: Sequence[Fragment], expires_at: float) -> None:
        """Replace a job's polled values; from the Unix time `expires_at` on they are on no page."""
        self._replace(_slot(key, own=False), fragments, expires_at)

    def put_own(self, key: JobKey, families: Iterable[Family]) -> None:
        """Replace the exporter's own metrics about a job; they do not expire."""
        self._replace(_slot(key, own=True), self.rendered(key.target, families), math.inf)

    def rendered(self, target: str, families: Iterable[Family]) -> list[Fragment]:
        """Return families of a target as they are put, with the labels that the user gave it.

        The one place where those are added. May be called in any thread.
        """
        labels = self._labels.get(target, ())
        return [fragment(family, labels) for family in families]

    def label(self, labels: Mapping[str, Labels]) -> None:
        """Take the labels of targets by their names, for what is rendered from now on."""
        self._labels = labels

    def drop(self, key: JobKey) -> None:
        """Take a job's polled values off the page at once; its own metrics stay."""
        self._remove(_slot(key, own=False))

    def drop_target(self, target: str) -> None:
        """Take all polled values of a target off the page at once; own metrics stay."""
        aside = self._muted[target][1] if target in self._muted else {}
        for slot in [slot for slot in (*self._slots.get(target, ()), *aside) if not slot.own]:
            self._remove(slot)

    def forget(self, key: JobKey) -> None:
        """Take everything of a job off the page, its own metrics too: the job is no more."""
        self._remove(_slot(key, own=False))
        self._remove(_slot(key, own=True))

    def mute(self, target: str, *, but: JobKey) -> None:
        """Keep a target off the page, what is put later too, but for its own metrics under the key `but`."""
        if target not in self._muted:
            exempt = _slot(but, own=True)
            taken = [slot for slot in self._slots.get(target, ()) if slot != exempt]
            self._muted[target] = exempt, {slot: self._contents[slot] for slot in taken}
            for slot in taken:
                self._take(slot)

    def unmute(self, target: str) -> None:
        """Put a target back on the page, as it would be had it never left."""
        _, contents = self._muted.pop(target, (None, {}))
        for slot, content in contents.items():
            self._show(slot, content)

    def newest(self, key: JobKey) -> float | None:
        """Return the Unix time at which the job's values on the page were put; None when there are none."""
        content = self._contents.get(_slot(key, own=False))
        return content.put_at if content is not None and self._now() < content.expires_at else None

    def value(self, key: JobKey, family: str) -> float | None:
        """Return the one polled value that a job has of a family on the page; None if none, or more."""
        content = self._contents.get(_slot(key, own=False))
        if content is None or self._now() >= content.expires_at:
            return None
        found = content.fragments.get(family)
        return float(found.body.plain.rsplit(b" ", 1)[1]) if found and found.samples == 1 else None

    def samples(self) -> int:
        """Return how many samples a page of all targets has."""
        self._expire()
        return self._samples

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
        if targets is not None:
            return self._joined(format, compressed=compressed, wanted=sorted(set(targets)))
        if compressed:
            self._scraped[format] = self._now()
        if (format, compressed) not in self._pages:
            self._pages[format, compressed] = self._joined(format, compressed=compressed, wanted=None)
        return self._pages[format, compressed]

    def _joined(
        self,
        format: Format,  # noqa: A002  # as above
        *,
        compressed: bool,
        wanted: Sequence[str] | None,
    ) -> bytes:
        groups = [self._groups[family] for family in self._names(wanted)]
        end = [OPENMETRICS_END] if format is Format.OPENMETRICS else []
        if compressed:
            parts = [part for group in groups for part in group.deflated(format, wanted)]
            return gzip_stream([*parts, *(segment.deflated for segment in end)])
        segments = [segment for group in groups for segment in group.segments(format, wanted)]
        return b"".join([segment.plain for segment in [*segments, *end]])

    def prepare(self) -> None:
        """Join now what has changed, while pages of all targets are scraped, so that no scrape has to."""
        now = self._now()
        for format, at in self._scraped.items():  # noqa: A001  # as above
            if now - at < _SCRAPED_LATELY:
                for group in self._groups.values():
                    group.deflated(format, None)

    def _names(self, targets: Sequence[str] | None) -> Sequence[str]:
        """Return the families that the targets have, sorted."""
        if targets is not None:
            slots = [slot for target in targets for slot in self._slots.get(target, ())]
            return sorted({family for slot in slots for family in self._contents[slot].fragments})
        if self._families is None:
            self._families = sorted(self._groups)
        return self._families

    def _expire(self) -> None:
        now = self._now()
        while self._expiries and self._expiries[0][0] <= now:
            _, slot = heappop(self._expiries)
            content = self._contents.get(slot)
            if content is not None and content.expires_at <= now:
                self._remove(slot)

    def _replace(self, slot: Slot, fragments: Sequence[Fragment], expires_at: float) -> None:
        new = {each.family: each for each in fragments}
        content = _Content(new, self._now(), expires_at, sum(each.samples for each in new.values()))
        exempt, aside = self._muted.get(slot.target, (slot, {}))
        if slot == exempt:
            self._show(slot, content)
        else:
            aside[slot] = content

    def _show(self, slot: Slot, content: _Content) -> None:
        self._pages.clear()
        old, new = self._contents.get(slot), content.fragments
        self._leave(slot, [family for family in old.fragments if family not in new] if old else [])
        for family, made in new.items():
            if family not in self._groups:
                self._groups[family] = Group()
                self._families = None
            self._groups[family].set(slot, made)
        self._samples += content.samples - (old.samples if old else 0)
        self._contents[slot] = content
        self._slots.setdefault(slot.target, set()).add(slot)
        if content.expires_at < math.inf:
            heappush(self._expiries, (content.expires_at, slot))

    def _remove(self, slot: Slot) -> None:
        if slot.target in self._muted:
            self._muted[slot.target][1].pop(slot, None)
        self._take(slot)

    def _take(self, slot: Slot) -> None:
        content = self._contents.pop(slot, None)
        if content is None:
            return
        self._pages.clear()
        slots = self._slots[slot.target]
        slots.discard(slot)
        if not slots:
            del self._slots[slot.target]
        self._samples -= content.samples
        self._leave(slot, content.fragments)

    def _leave(self, slot: Slot, families: Collection[str]) -> None:
        for family in families:
            group = self._groups[family]
            group.remove(slot)
            if group.is_empty():
                del self._groups[family]
                self._families = None


def _slot(key: JobKey, *, own: bool) -> Slot:
    return Slot(key.query, key.target, key.database or "", own)
