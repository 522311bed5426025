"""The installation of compose.yaml: nothing to click. Without an engine, as far as its files can tell."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

import containers
from daemon import ROOT, Daemon
from demo_watch import demo
from exporter.alert_sources import load, shipped_directory
from exporter.model import NEWEST_TESTED
from farm import Farm, NoServerError
from programs import require
from servers import Server
from shipped import fresh_database

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
GRAFANA = ROOT / "deploy/grafana/provisioning"


def mounts(service: str) -> dict[str, str]:
    """Return what is mounted into a service: the path inside, and what is there."""
    pairs = (text.split(":")[:2] for text in SERVICES[service].get("volumes", ()))
    return {inside: outside for outside, inside in pairs}


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_mounted_is_there_and_every_address_is_of_this_machine_only(service: str) -> None:
    for outside in mounts(service).values():
        assert outside in COMPOSE["volumes"] or (ROOT / outside).exists()
    assert all(text.startswith("127.0.0.1:") for text in SERVICES[service].get("ports", ()))
    assert SERVICES.keys() >= set(SERVICES[service].get("depends_on", ()))


@pytest.mark.parametrize("service", [name for name, service in SERVICES.items() if "image" in service])
def test_an_image_has_a_version(service: str) -> None:
    name, _, version = SERVICES[service]["image"].partition(":")
    assert version not in ("", "latest"), name


def test_the_links_in_notifications_lead_to_what_is_started() -> None:
    settings = load(shipped_directory(), [ROOT / "deploy/compose/thresholds.yml"]).thresholds.settings
    published = {text.split(":")[1] for service in SERVICES.values() for text in service.get("ports", ())}
    for url in (settings.dashboards, settings.exporter):
        assert httpx.URL(url).host == "localhost"
        assert str(httpx.URL(url).port) in published


def test_prometheus_scrapes_the_exporter_and_sends_to_alertmanager(tmp_path: Path) -> None:
    path = ROOT / mounts("prometheus")["/etc/prometheus/prometheus.yml"]
    config = yaml.safe_load(path.read_text())
    addresses = [each for job in config["scrape_configs"] for each in job["static_configs"][0]["targets"]]
    addresses += config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert addresses == ["exporter:9187", "alertmanager:9093"]
    assert {address.split(":")[0] for address in addresses} <= SERVICES.keys()
    assert config["rule_files"] == ["/rules/*.rules.yml"]
    assert "/rules" in mounts("prometheus")
    assert SERVICES["rules"]["command"][-2:] == ["--rules", "/rules"]
    done = subprocess.run(
        [require("promtool"), "check", "config", "--syntax-only", path], capture_output=True, check=False
    )
    assert done.returncode == 0


def test_grafana_finds_the_data_source_and_every_dashboard() -> None:
    assert mounts("grafana")["/etc/grafana/provisioning"] == f"./{GRAFANA.relative_to(ROOT)}"
    [source] = yaml.safe_load((GRAFANA / "datasources/prometheus.yaml").read_text())["datasources"]
    assert httpx.URL(source["url"]).host in SERVICES
    scrape = yaml.safe_load((ROOT / "deploy/compose/prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape
    [provider] = yaml.safe_load((GRAFANA / "dashboards/pg-oauth-exporter.yaml").read_text())["providers"]
    folder = ROOT / mounts("grafana")[provider["options"]["path"]]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (folder / home.removeprefix(provider["options"]["path"] + "/")).is_file()


@pytest.fixture
def fresh(farm: Farm) -> Server:
    """A server of its own: the demo refuses one that has its roles already."""
    try:
        return farm.another(max(farm.available, default=NEWEST_TESTED), "compose", {})
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_the_exporters_role_of_the_installation_sees_the_tokens_of_its_workload(
    tmp_path: Path, fresh: Server
) -> None:
    with fresh_database(fresh) as database:
        sql = (ROOT / mounts("postgres")["/docker-entrypoint-initdb.d/roles.sql"]).read_text()
        fresh.execute(sql.replace("create extension", "create extension if not exists"), database)
        try:
            dsn = conninfo_to_dict(fresh.dsn(database))
            url = f"postgresql://exporter:exporter@{dsn['host']}:{dsn['port']}/{database}"
            with (
                demo(fresh.dsn(database), tmp_path),
                Daemon(tmp_path, {"targets": [{"name": "main", "dsn": url}]}) as daemon,
            ):
                daemon.until(lambda: sum(daemon.samples("oauth2_tokens")) > 0, "count tokens", 60)
        finally:
            fresh.execute("drop owned by exporter; drop role exporter", database)


@contextmanager
def up() -> Iterator[None]:
    """All services, started and removed again with what they wrote."""
    compose = ["docker", "compose", "--project-name", "pg-oauth-exporter-test"]
    subprocess.run([*compose, "up", "--build", "--detach", "--quiet-pull"], cwd=ROOT, check=True)
    try:
        yield
    finally:
        subprocess.run([*compose, "down", "--volumes"], cwd=ROOT, check=True)


def until(ask: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if ask():
                return
        except (httpx.HTTPError, json.JSONDecodeError, KeyError):
            pass
        assert time.monotonic() < deadline
        time.sleep(1)


@pytest.mark.slow
def test_all_of_it_comes_up_with_dashboards_rules_and_data() -> None:
    if not containers.available():
        pytest.skip("no Docker engine answers")
    made = {json.loads(path.read_text())["uid"] for path in (ROOT / "dashboards").glob("*.json")}

    def data() -> bool:
        answer = httpx.get("http://localhost:9090/api/v1/query", params={"query": "sum(oauth2_tokens) > 0"})
        return bool(answer.json()["data"]["result"])

    def dashboards() -> bool:
        found = httpx.get("http://localhost:3000/api/search", params={"type": "dash-db"}).json()
        return {each["uid"] for each in found} == made

    def rules() -> bool:
        groups = httpx.get("http://localhost:9090/api/v1/rules").json()["data"]["groups"]
        return len(groups) == len(list((ROOT / "alerts").glob("*.rules.yml")))

    with up():
        until(data)
        until(dashboards)
        until(rules)
