"""Owns a real Alertmanager in a test, configured as shipped but faster, and how it is asked."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from daemon import ROOT, free_port
from inbox import Inbox, inbox
from programs import require

SHIPPED = ROOT / "alerts" / "alertmanager.yml"
SECRETS = "/etc/alertmanager/secrets"
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def shipped(folder: Path, to: Inbox, faster: int = 300, *, open_office: bool = True) -> dict[str, Any]:
    """Return alerts/alertmanager.yml with everything sent `to` an inbox, and intervals divided by `faster`.

    `open_office` is whether it is always or never office hours. Secrets are files in `folder`; each holds its
    own name, but for the chat's, which holds its address.
    """
    config = _anywhere_else(folder, to)
    config["global"] |= {"smtp_require_tls": False, "pagerduty_url": f"{to.url}/pager"}
    config["templates"] = [str(SHIPPED.parent / name) for name in config["templates"]]
    years = ["2000:2100"] if open_office else ["2000:2001"]
    config["time_intervals"] = [{"name": "office-hours", "time_intervals": [{"years": years}]}]
    _hurry(config["route"], faster)
    return config


def _anywhere_else(folder: Path, to: Inbox) -> dict[str, Any]:
    text = json.dumps(yaml.safe_load(SHIPPED.read_text()))
    for name in set(re.findall(rf"{SECRETS}/([\w-]+)", text)):
        (folder / name).write_text(f"{to.url}/chat" if name == "chat-url" else name)
    text = text.replace(SECRETS, str(folder)).replace("smtp.example.invalid:587", to.smtp)
    text = re.sub(r"https://(\w+)\.example\.invalid[^\"]*", rf"{to.url}/\1", text)
    config: dict[str, Any] = json.loads(text)
    return config


def _hurry(route: dict[str, Any], faster: int) -> None:
    for key in route.keys() & {"group_wait", "group_interval", "repeat_interval"}:
        seconds = int(route[key][:-1]) * _SECONDS[route[key][-1]]
        # Whoever sends several alerts has to be done before the wait is over, on a busy machine, too.
        divisor = min(faster, 100) if key == "group_wait" else faster
        route[key] = f"{seconds * 1000 // divisor}ms"
    for below in route.get("routes", []):
        _hurry(below, faster)


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager; `address` is host:port, as Prometheus wants it."""

    address: str

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def send(self, alerts: Iterable[Mapping[str, Any]]) -> None:
        """Hand it alerts as Prometheus would: all of one call at once."""
        httpx.post(f"{self.url}/api/v2/alerts", json=list(alerts), timeout=10).raise_for_status()

    def muted(self) -> list[dict[str, str]]:
        """Return the labels of each alert that another one mutes at present."""
        found = httpx.get(f"{self.url}/api/v2/alerts", timeout=10).raise_for_status().json()
        return [each["labels"] for each in found if each["status"]["inhibitedBy"]]


@contextmanager
def alertmanager(folder: Path, config: Mapping[str, Any]) -> Iterator[Alertmanager]:
    """A real Alertmanager with this configuration and its data in `folder`."""
    program = require("alertmanager")
    found = Alertmanager(f"127.0.0.1:{free_port()}")
    (folder / "alertmanager.yml").write_text(json.dumps(config))
    log = folder / "alertmanager.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder}/alertmanager.yml",
                f"--storage.path={folder}/alertmanager",
                f"--web.listen-address={found.address}",
                "--cluster.listen-address=",
                "--web.external-url=http://alertmanager.example.org/",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _until_ready(found, process, log)
        yield found
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def as_shipped(folder: Path, *, open_office: bool = True) -> Iterator[tuple[Alertmanager, Inbox]]:
    """A real Alertmanager as shipped but faster, and the inbox to which it sends."""
    with inbox() as received:
        config = shipped(folder, received, open_office=open_office)
        with alertmanager(folder, config) as manager:
            yield manager, received


def _until_ready(found: Alertmanager, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        try:
            if httpx.get(f"{found.url}/-/ready", timeout=5).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"Alertmanager did not become ready:\n{log.read_text()}")


def alert(name: str, severity: str = "warning", **labels: str) -> dict[str, Any]:
    """Return an alert that begins now. Of an older one Alertmanager tells without waiting for others.

    It is about the target "shop" and the database team's, unless labels say otherwise; "" leaves one out.
    """
    everything = {"job": "pg-oauth-exporter", "target": "shop", "team": "database", **labels}
    now = datetime.now(UTC)
    said = {"alertname": name, "severity": severity, **everything}
    return {
        "labels": {key: value for key, value in said.items() if value},
        "annotations": {
            "summary": f"The summary of {name}.",
            "description": f"{labels.get('datname') or labels.get('target') or 'shop'} is not well.",
            "runbook_url": f"https://example.org/runbooks/{name}.md",
            "dashboard_url": "https://example.org/d/pg-oauth-target?var-target=shop&var-datname=x",
        },
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
    }


def over(began: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same alert as it ends now."""
    return {**began, "endsAt": datetime.now(UTC).isoformat()}
