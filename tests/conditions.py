"""Owns what a condition of the end-to-end suite is: its cause, its cure, and who is told what of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from installation import JOB, Installation

Cause = Callable[[Installation], Iterator[None]]


@dataclass(frozen=True)
class Told:
    """An alert that a condition leads to; `labels` are all that it has beside its name.

    `muted` is one that Alertmanager knows of and nobody is told.
    """

    alert: str
    labels: Mapping[str, str]
    muted: bool = False

    @property
    def everything(self) -> frozenset[tuple[str, str]]:
        """All labels, to be compared."""
        return frozenset({"alertname": self.alert, **self.labels}.items())

    @property
    def name(self) -> str:
        """The alert and what a title names beside it."""
        return f"{self.alert} on {self.labels.get('target') or self.labels['instance']}"


@dataclass(frozen=True)
class Condition:
    """Something that goes wrong. `late` ones begin when everything else has been told."""

    name: str
    cause: Callable[[Installation], AbstractContextManager[None]]
    told: tuple[Told, ...]
    late: bool


CONDITIONS: list[Condition] = []


def told(alert: str, severity: str = "warning", *, team: str = "database", **labels: str) -> Told:
    """Describe an alert; it is about the target "main" unless labels say otherwise."""
    place = {} if "instance" in labels else {"target": "main"}
    return Told(alert, {"job": JOB, "severity": severity, "team": team, **place, **labels})


def muted(one: Told) -> Told:
    """Say of an alert that nobody is to be told of it."""
    return replace(one, muted=True)


def leads_to(*alerts: Told, late: bool = False) -> Callable[[Cause], Cause]:
    """Make a generator a condition: what is before its `yield` is the cause, what is behind it the cure."""

    def note(cause: Cause) -> Cause:
        CONDITIONS.append(Condition(cause.__name__, contextmanager(cause), alerts, late))
        return cause

    return note
