"""Owns the course of the end-to-end suite: everything is well, goes wrong at once, and is well again."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from conditions import Condition, Told
from inbox import Notice
from installation import Installation

# As long as baselines reach back, and a window more.
_CALM = 45.0
_PATIENCE = 120.0


@dataclass
class Story:
    """What was told: before anything went wrong, before it was cured, and in all.

    `muted` is what Alertmanager kept to itself, `troubles` what went wrong with causes and cures.
    """

    before: list[Notice] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    burning: list[Notice] = field(default_factory=list)
    muted: list[dict[str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)

    def alerts(self, status: str) -> Iterator[tuple[Notice, Mapping[str, Any]]]:
        """Yield each alert of each notification that came as JSON."""
        for notice in list(self.notices):
            for alert in notice.body.get("alerts", ()):
                if alert["status"] == status:
                    yield notice, alert

    def has(self, wanted: Collection[Told], status: str) -> bool:
        """Say whether people were told all of this."""
        known = {frozenset(alert["labels"].items()) for _, alert in self.alerts(status)}
        return all(each.everything in known for each in wanted)


def tell(site: Installation, conditions: Sequence[Condition]) -> Story:
    """Let all of it happen; what does not come in time is missing in the story."""
    story = Story(notices=site.inbox.notices)
    began = time.monotonic()
    time.sleep(_CALM)
    story.before = list(story.notices)
    wanted: list[Told] = []
    with ExitStack() as cures:
        for late in (False, True):
            for each in conditions:
                if each.late is late:
                    cures.enter_context(_safely(each, site, story))
                    wanted += [one for one in each.told if not one.muted]
            story.seconds[f"caused, {late=}"] = time.monotonic() - began
            _wait(story, wanted, "firing")
            story.seconds[f"told, {late=}"] = time.monotonic() - began
        _settle(site, story, [one for each in conditions for one in each.told if one.muted])
        story.burning = list(story.notices)
    story.seconds["cured"] = time.monotonic() - began
    _wait(story, wanted, "resolved")
    story.seconds["over"] = time.monotonic() - began
    return story


@contextmanager
def _safely(condition: Condition, site: Installation, story: Story) -> Iterator[None]:
    """Cause and cure a condition; what goes wrong with it does not end the story of the others."""
    with ExitStack() as cure:
        try:
            cure.enter_context(condition.cause(site))
        except Exception as error:  # noqa: BLE001 - its own test tells of it
            story.troubles[condition.name] = repr(error)
        yield
        try:
            cure.close()
        except Exception as error:  # noqa: BLE001
            story.troubles[condition.name] = repr(error)


def _wait(story: Story, wanted: Collection[Told], status: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not story.has(wanted, status) and time.monotonic() < end:
        time.sleep(0.5)


def _settle(site: Installation, story: Story, wanted: Collection[Told]) -> None:
    """Wait until Alertmanager has muted all that it has to."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        story.muted = site.manager.muted()
        if {each.everything for each in wanted} <= {frozenset(labels.items()) for labels in story.muted}:
            return
        time.sleep(0.5)
