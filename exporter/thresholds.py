"""Owns the numbers of the alert rules: those that are shipped, and what a user puts in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from exporter.document import Document, KeyPath, suggestion
from exporter.errors import Fault

OFF = "off"
_NUMBER_OR_DURATION = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?|(?:\d+(?:ms|[smhdwy]))+")


class Severity(StrEnum):
    """Who is told: critical pages, warning makes a ticket, info is an annotation, none is the watchdog's."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NONE = "none"


Values = Mapping[str, str]  # name of a parameter -> a number, or a duration as Prometheus writes it
Levels = Mapping[Severity, Values]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rules say about the installation; a base URL that is empty leaves its annotation out."""

    job: str = ""
    selector: str = ""
    runbooks: str = ""
    dashboards: str = ""
    exporter: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Levels for the targets whose name matches `target`, a regular expression for the whole name."""

    target: str
    alerts: Mapping[str, Levels]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All numbers. An alert without levels is off; `recordings` are parameters of recording rules."""

    settings: Settings = Settings()
    alerts: Mapping[str, Levels] = field(default_factory=dict)
    recordings: Mapping[str, Values] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()


class Reading:
    """Reads a document over `base`: what is not said stays; without a base everything is new and allowed."""

    def __init__(self, document: Document, base: Thresholds | None) -> None:
        self.faults: list[Fault] = list(document.faults)
        self._document = document
        self._base = base

    def read(self) -> Thresholds:
        """Return the numbers; when `faults` then holds some, they are good for nothing."""
        base = self._base or Thresholds()
        top = self._mapping((), self._document.value, ("settings", "alerts", "recordings", "overrides"))
        alerts = self._alerts(("alerts",), top.get("alerts"))
        recordings = {
            name: self._values(("recordings", name), values, base.recordings.get(name))
            for name, values in self._mapping(
                ("recordings",), top.get("recordings"), tuple(base.recordings) if self._base else None
            ).items()
        }
        return Thresholds(
            settings=self._settings(top.get("settings"), base.settings),
            alerts={**base.alerts, **alerts},
            recordings={**base.recordings, **recordings},
            overrides=(*self._overrides(top.get("overrides"), {**base.alerts, **alerts}), *base.overrides),
        )

    def _settings(self, value: object, base: Settings) -> Settings:
        known = tuple(each.name for each in fields(Settings))
        given = self._mapping(("settings",), value, known)
        for key, text in given.items():
            if not isinstance(text, str) or '"""' in text or not (text.isprintable() or text == ""):
                self._fault(("settings", key), "must be one line of text")
        texts = {key: str(given.get(key, getattr(base, key))) for key in known}
        urls = {key: texts[key].rstrip("/") for key in ("runbooks", "dashboards", "exporter")}
        return Settings(**{**texts, **urls})

    def _overrides(self, value: object, alerts: Mapping[str, Levels]) -> tuple[Override, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self._fault(("overrides",), "must be a list", "- target: batch-.*")
            return ()
        found = []
        for number, entry in enumerate(value):
            path: KeyPath = ("overrides", number)
            given = self._mapping(path, entry, ("target", "alerts"))
            target = given.get("target")
            if not isinstance(target, str) or not _compiles(target) or '"' in target or "\\" in target:
                self._fault((*path, "target"), "must be a regular expression for names of targets")
            else:
                levels = self._alerts((*path, "alerts"), given.get("alerts"), alerts)
                found.append(Override(target, levels))
        return tuple(found)

    def _alerts(
        self, path: KeyPath, value: object, over: Mapping[str, Levels] | None = None
    ) -> dict[str, Levels]:
        known = over if over is not None else (self._base.alerts if self._base else None)
        given = self._mapping(path, value, None if known is None else tuple(known))
        return {
            name: self._levels((*path, name), levels, None if known is None else known[name])
            for name, levels in given.items()
        }

    def _levels(self, path: KeyPath, value: object, base: Levels | None) -> Levels:
        if value == OFF:
            return {}
        words = tuple(Severity) if base is None else tuple(base)
        given = self._mapping(path, value, tuple(map(str, words)))
        levels: dict[Severity, Values] = dict(base or {})
        for word, values in given.items():
            severity = Severity(word)
            if values == OFF:
                levels.pop(severity, None)
            else:
                levels[severity] = self._values((*path, word), values, base[severity] if base else None)
        return levels

    def _values(self, path: KeyPath, value: object, base: Values | None) -> Values:
        given = self._mapping(path, value, None if base is None else tuple(base))
        for name, number in given.items():
            if isinstance(number, bool) or not _NUMBER_OR_DURATION.fullmatch(str(number)):
                self._fault((*path, name), "must be a number, or a duration such as 90s, 15m or 7d")
        return {**(base or {}), **{name: str(number) for name, number in given.items()}}

    def _mapping(self, path: KeyPath, value: object, known: tuple[str, ...] | None) -> dict[str, object]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._fault(path, "must be a mapping", "key: value")
            return {}
        if known is None:
            return value
        for key in sorted(value.keys() - set(known)):
            self._fault((*path, key), "unknown key", suggestion(key, known))
        return {key: inner for key, inner in value.items() if key in known}

    def _fault(self, path: KeyPath, problem: str, remedy: str = "") -> None:
        self.faults.append(self._document.fault(path, problem, remedy))


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return bool(pattern)
