"""Owns what Prometheus' HTTP service discovery is told: a scrape for each target, and one of ourselves."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.model import Target

_META = "__meta_pg_oauth_exporter"

# One entry of the document: addresses, and the labels of their scrapes.
Group = dict[str, list[str] | dict[str, str]]


def groups(targets: Iterable[Target], address: str) -> list[Group]:
    """Return the document; `address` is where Prometheus reaches us.

    The labels of a target are meta labels here: it has them on its series already, and would get them back as
    `exported_<name>`.
    """
    found = [_group(address, "/metrics/exporter", {})]
    for target in targets:
        labels = {
            "__param_target": target.name,
            "instance": target.name,
            f"{_META}_target": target.name,
            f"{_META}_engine": str(target.engine),
        }
        labels |= {f"{_META}_label_{name}": value for name, value in target.labels}
        found.append(_group(address, "/probe", labels))
    return found


def _group(address: str, path: str, labels: dict[str, str]) -> Group:
    return {"targets": [address], "labels": {"__metrics_path__": path, **labels}}
