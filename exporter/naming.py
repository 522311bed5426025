"""Owns the rules for names on the wire: what a metric family and a label may be called.

Sources: the Prometheus naming practices, which `promtool check metrics` also holds against a page, and
OpenMetrics 1.0, where the suffixes of counters and histograms are reserved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from exporter.model import MetricType, Scope

# What is wrong with a name, and what to do.
Objection = tuple[str, str]

_FAMILY = re.compile(r"[a-z_:][a-z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OWN = re.compile(r"pg_up$|pg_exporter_|process_|python_")
_HISTOGRAM_SUFFIXES = ("_count", "_sum", "_bucket")

# Words of a name that stand for a unit other than the base unit, and the base unit to convert to.
_BASE_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("s", "sec", "secs", "ms", "msec", "us", "usec", "ns", "m", "h", "d"), "seconds"),
    **dict.fromkeys(("milliseconds", "microseconds", "nanoseconds", "minutes", "mins", "hours"), "seconds"),
    **dict.fromkeys(("days", "weeks", "months", "years"), "seconds"),
    **dict.fromkeys(("b", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "tib", "bits"), "bytes"),
    **dict.fromkeys(("kilobytes", "megabytes", "gigabytes", "terabytes"), "bytes"),
    **dict.fromkeys(("kibibytes", "mebibytes", "gibibytes", "tebibytes"), "bytes"),
    **dict.fromkeys(("percent", "pct", "percentage"), "ratio"),
}


def family_objection(name: str, kind: MetricType | None) -> Objection | None:
    """Return what is wrong with a family's name; a `kind` that is not known (None) is not held against it."""
    if objection := foreign_objection(name):
        return objection
    if kind is MetricType.COUNTER and not name.endswith("_total"):
        return (
            "a counter's name ends in _total",
            f"call it {name}_total, or make it a gauge if it can go down",
        )
    if kind not in (MetricType.COUNTER, None) and name.endswith("_total"):
        return f"only a counter's name ends in _total, this is a {kind}", "rename it, or make it a counter"
    for suffix in _HISTOGRAM_SUFFIXES:
        if name.endswith(suffix):
            return f"names that end in {suffix} are the samples of histograms", f"leave {suffix} out"
    return _unit_objection(name)


def foreign_objection(name: str) -> Objection | None:
    """Return what is wrong with a family's name that somebody else has chosen: only what breaks a page."""
    if not _FAMILY.fullmatch(name):
        return "is not a metric name", "lower-case letters, digits, _ and :, and no digit first"
    if _OWN.match(name):
        return "is a name that the exporter uses for itself", "choose another"
    return None


def _unit_objection(name: str) -> Objection | None:
    for word in name.split("_")[1:]:
        if base := _BASE_UNITS.get(word):
            return f"_{word} is not a base unit", f"let SQL convert to {base} and the name end in _{base}"
    return None


def label_objection(name: str, scope: Scope) -> Objection | None:
    """Return what is wrong with a label's name in a query of this scope."""
    if not _LABEL.fullmatch(name):
        return "is not a label name", "letters, digits and _, and no digit first"
    if name.startswith("__"):
        return "labels that begin with __ belong to Prometheus", "rename the column with AS"
    if name == "le":
        return "le belongs to histograms", "rename the column with AS"
    if name == "target":
        return "every sample has the label target already", "leave it out"
    if name == "datname" and scope is Scope.DATABASE:
        return "every sample has the label datname already in scope: database", "leave it out"
    return None


def openmetrics_family(name: str, kind: MetricType | None) -> str:
    """Return the name under which OpenMetrics knows a family: that of a counter lacks _total."""
    return name.removesuffix("_total") if kind in (MetricType.COUNTER, None) else name
