"""Owns since when something fails and how often: the log says once that it does, and once that it did."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.duration import format_duration


@dataclass(slots=True)
class Streak:
    """The failures of one thing since it was well the last time. Times are Unix times in seconds."""

    failures: int = 0
    began: float = 0.0
    _told: set[str] = field(default_factory=set)

    def failed(self, how: str, at: float) -> bool:
        """Count one failure; tell whether it is news: the first, or the first of its kind."""
        if not self.failures:
            self.began = at
        self.failures += 1
        is_news = how not in self._told
        self._told.add(how)
        return is_news

    def ended(self, at: float) -> dict[str, object]:
        """Return what there is to say now that all is well, nothing when nothing had failed; begin anew."""
        if not self.failures:
            return {}
        lasted = format_duration(max(0, round(at - self.began)))
        facts: dict[str, object] = {"failures": self.failures, "lasted": lasted}
        self.failures, self._told = 0, set()
        return facts
