"""Owns a real Prometheus that scrapes an exporter in a test, and how it is asked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from daemon import free_port
from programs import require


@contextmanager
def prometheus(
    folder: Path, exporter: str, job: str = "exporter", rules: Sequence[Path] = (), seconds: int = 1
) -> Iterator[str]:
    """A real Prometheus that scrapes the exporter and evaluates rules; yields its URL."""
    config = {
        "global": {"scrape_interval": f"{seconds}s", "evaluation_interval": "5s"},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [exporter]}]}],
    }
    with configured(folder, config) as url:
        yield url


@contextmanager
def configured(folder: Path, config: Mapping[str, object]) -> Iterator[str]:
    """A real Prometheus with this configuration and its data in `folder`; yields its URL."""
    program = require("prometheus")
    port = free_port()
    (folder / "prometheus.yml").write_text(yaml.safe_dump(dict(config)))
    process = subprocess.Popen(
        [
            program,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--rules.alert.resend-delay=5s",  # what comes before Alertmanager is known is lost
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def ask(url: str, promql: str) -> list[float]:
    """Return the values of a query's series; none while Prometheus is not up yet."""
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": promql}, timeout=5)
        found = answer.json()["data"]["result"]
    except (httpx.HTTPError, KeyError, json.JSONDecodeError):
        return []
    return [float(series["value"][1]) for series in found]
