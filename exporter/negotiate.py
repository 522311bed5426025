"""Owns what a scraper gets: the exposition format by `Accept`, and gzip by `Accept-Encoding`.

Source: RFC 9110, sections 12.4.2 (weights), 12.5.1 (Accept) and 12.5.3 (Accept-Encoding).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from exporter.render import Format

CONTENT_TYPES = {
    Format.TEXT: "text/plain; version=0.0.4; charset=utf-8",
    Format.OPENMETRICS: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}
_OPENMETRICS = "application/openmetrics-text"
_OPENMETRICS_VERSIONS = frozenset({"1.0.0", "0.0.1", ""})
_TEXT_RANGES = ("text/plain", "text/*", "*/*")  # the closest first
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the token of RFC 9110
_RANGE = re.compile(rf"{_TOKEN}/{_TOKEN}")
_CODING = re.compile(_TOKEN)
# A comma or semicolon in quotes separates nothing.
_ALTERNATIVE = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^,"])+')
_PARAMETER = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^;"])+')


class Coding(StrEnum):
    """The two forms in which a page can be sent."""

    IDENTITY = "identity"
    GZIP = "gzip"


@dataclass(frozen=True, slots=True)
class _Choice:
    """One alternative of a header; a quality that cannot be read counts as 0."""

    name: str
    parameters: dict[str, str]
    quality: float


def wanted_format(accept: str) -> Format | None:
    """Return OpenMetrics when the header names it and prefers it, else text; None when neither is acceptable.

    No header takes anything. A wildcard means text, which people can read, too. Every version of the text
    format is the one that we have, as names are the same in all; parameters such as `escaping` are, likewise,
    for names that we do not have.
    """
    choices = [choice for choice in _choices(accept) if _RANGE.fullmatch(choice.name)]
    if not choices:
        return Format.TEXT
    openmetrics = max((each.quality for each in choices if _is_openmetrics(each)), default=0.0)
    text = _quality_of(_TEXT_RANGES, choices) or 0.0
    if openmetrics <= 0.0 >= text:
        return None
    return Format.OPENMETRICS if openmetrics >= text else Format.TEXT


def wanted_coding(accept_encoding: str | None) -> Coding | None:
    """Return gzip when the header prefers it, or likes it as much; None when nothing is acceptable.

    Identity that is not mentioned is the last resort, so gzip of any weight goes before it.
    """
    choices = [choice for choice in _choices(accept_encoding or "") if _CODING.fullmatch(choice.name)]
    gzip = _quality_of(("gzip", "x-gzip", "*"), choices) or 0.0
    identity = _quality_of(("identity",), choices)
    if identity is None and _quality_of(("*",), choices) == 0.0:
        identity = 0.0
    if gzip > 0.0 and gzip >= (identity or 0.0):
        return Coding.GZIP
    return None if identity == 0.0 else Coding.IDENTITY


def wants_gzip(accept_encoding: str | None) -> bool:
    """Tell whether gzip is what the header prefers; for answers that are sent as they are otherwise."""
    return wanted_coding(accept_encoding) is Coding.GZIP


def _is_openmetrics(choice: _Choice) -> bool:
    return choice.name == _OPENMETRICS and choice.parameters.get("version", "") in _OPENMETRICS_VERSIONS


def _quality_of(names: Iterable[str], choices: Iterable[_Choice]) -> float | None:
    """Return the weight of the closest name that is mentioned, its highest; None when none is."""
    found = {name: [choice.quality for choice in choices if choice.name == name] for name in names}
    return next((max(qualities) for qualities in found.values() if qualities), None)


def _choices(header: str) -> list[_Choice]:
    return [_choice(alternative) for alternative in _ALTERNATIVE.findall(header) if alternative.strip()]


def _choice(alternative: str) -> _Choice:
    name, *rest = [part.strip() for part in _PARAMETER.findall(alternative)] or [""]
    pairs = (part.partition("=") for part in rest)
    parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
    return _Choice(name.lower(), parameters, _quality(parameters.pop("q", "1")))


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return min(max(quality, 0.0), 1.0) if math.isfinite(quality) else 0.0
