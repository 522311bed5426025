"""Owns what a scraper gets: the exposition format by `Accept`, and gzip by `Accept-Encoding`."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.render import Format

CONTENT_TYPES = {
    Format.TEXT: "text/plain; version=0.0.4; charset=utf-8",
    Format.OPENMETRICS: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}
_OPENMETRICS_VERSIONS = frozenset({"1.0.0", "0.0.1", ""})


def wanted_format(accept: str) -> Format:
    """Return OpenMetrics when the header prefers it to plain text, and text 0.0.4 otherwise."""
    openmetrics = text = 0.0
    for media, parameters, quality in _preferences(accept):
        if media == "application/openmetrics-text":
            if parameters.get("version", "") in _OPENMETRICS_VERSIONS:
                openmetrics = max(openmetrics, quality)
        elif media == "text/plain":
            text = max(text, quality)
    return Format.OPENMETRICS if openmetrics > 0 and openmetrics >= text else Format.TEXT


def wants_gzip(accept_encoding: str) -> bool:
    """Tell whether the header allows gzip; `identity` alone, silence or `gzip;q=0` does not."""
    choices = {coding: quality for coding, _, quality in _preferences(accept_encoding)}
    return choices.get("gzip", choices.get("*", 0.0)) > 0


def _preferences(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield (value, parameters, quality) of each alternative; a bad one counts as 0 (RFC 9110, 12.4.2)."""
    for alternative in header.split(","):
        name, *rest = (part.strip() for part in alternative.split(";"))
        if not name:
            continue
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
        yield name.lower(), parameters, _quality(parameters.pop("q", "1"))


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
