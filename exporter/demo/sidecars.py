"""Owns the optional Prometheus and Alertmanager beside the demo: their configurations and commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.demo.processes import Program, environment_without_databases, free_port

SCRAPE_SECONDS = 5
_ALERTMANAGER_NAMES = ("alertmanager", "prometheus-alertmanager")  # upstream's, Debian's
_ALERTMANAGER_CONFIG = "alertmanager.yml"
_NOBODY = {"route": {"receiver": "nobody", "group_by": ["alertname"]}, "receivers": [{"name": "nobody"}]}


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A program to run and where its page is."""

    program: Program
    url: str


def shipped_alerts() -> Path | None:
    """Return the folder of the rules that ship: in an installed package, or beside it in a source tree."""
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "shipped" / "alerts", package.parent / "alerts")
    return next((folder for folder in candidates if folder.is_dir()), None)


def prometheus_config(exporter: str, alertmanager: str | None, rules: Sequence[Path]) -> str:
    """Return a Prometheus configuration; addresses are `host:port`. JSON, which is YAML too."""
    config: dict[str, object] = {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [{"job_name": "pg-oauth-exporter", "static_configs": [{"targets": [exporter]}]}],
    }
    if alertmanager is not None:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    return json.dumps(config, indent=2)


def silent(config: Mapping[str, Any]) -> str:
    """Return an Alertmanager configuration that routes and mutes like this one, and tells nobody. JSON."""
    kept = {key: value for key, value in config.items() if key not in {"global", "templates"}}
    return json.dumps(
        {**kept, "receivers": [{"name": each["name"]} for each in config["receivers"]]}, indent=2
    )


def _program(name: str, folder: Path, command: list[str]) -> Program:
    return Program(
        name=name,
        command=command,
        folder=folder,
        log=folder / f"{name.lower()}.log",
        environment=environment_without_databases(),
    )


def _alertmanager(program: str, folder: Path, alerts: Path | None) -> Sidecar:
    shipped = alerts / _ALERTMANAGER_CONFIG if alerts else None
    routes = yaml.safe_load(shipped.read_text()) if shipped and shipped.exists() else _NOBODY
    config = folder / _ALERTMANAGER_CONFIG
    config.write_text(silent(routes))
    address = f"127.0.0.1:{free_port(9093)}"
    command = [program, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=warn"]
    return Sidecar(_program("Alertmanager", folder, command), f"http://{address}/")


def _prometheus(
    program: str, folder: Path, exporter: str, alertmanager: str | None, alerts: Path | None
) -> Sidecar:
    rules = sorted(alerts.glob("**/*.rules.yml")) if alerts else []
    config = folder / "prometheus.yml"
    config.write_text(prometheus_config(exporter, alertmanager, rules))
    address = f"127.0.0.1:{free_port(9090)}"
    command = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'prometheus'}"]
    command += ["--storage.tsdb.retention.time=1d", f"--web.listen-address={address}", "--log.level=warn"]
    return Sidecar(_program("Prometheus", folder, command), f"http://{address}/")


def found(folder: Path, exporter: str, alerts: Path | None) -> list[Sidecar]:
    """Return what is on the PATH, ready to run, with its data in `folder`: Alertmanager, then Prometheus.

    `exporter` is the address to scrape, `alerts` the folder of rules and of an Alertmanager configuration.
    An Alertmanager alone would have nothing to do, so it comes only with a Prometheus.
    """
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        return []
    programs = [path for path in map(shutil.which, _ALERTMANAGER_NAMES) if path is not None]
    sidecars = [_alertmanager(programs[0], folder, alerts)] if programs else []
    address = sidecars[0].url.removeprefix("http://").rstrip("/") if sidecars else None
    return [*sidecars, _prometheus(prometheus, folder, exporter, address, alerts)]
