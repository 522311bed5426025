"""Rules about the example of a fleet in Kubernetes: its parts fit each other, the exporter and Prometheus."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon import ROOT
from exporter import configuration
from exporter.sharding import Shard
from exporter.share import own_share

DEPLOY = ROOT / "deploy"
CONFIG, SERVICE, STATEFULSET = yaml.safe_load_all((DEPLOY / "kubernetes/statefulset.yaml").read_text())
[CONTAINER] = STATEFULSET["spec"]["template"]["spec"]["containers"]
REPLICAS: int = STATEFULSET["spec"]["replicas"]


def load(folder: Path, ordinal: int) -> configuration.Configuration:
    """Load the file as the pod would; its password is elsewhere here."""
    path, password = folder / "exporter.yaml", folder / "password"
    password.write_text("x")
    path.write_text(CONFIG["data"]["exporter.yaml"].replace("/run/secrets/monitor/password", str(password)))
    [shard] = [
        argument.partition("=")[2] for argument in CONTAINER["args"] if argument.startswith("--shard=")
    ]
    loaded = configuration.load(path, {"shard": shard}, {})
    return own_share(loaded, f"{STATEFULSET['metadata']['name']}-{ordinal}")


def test_every_pod_has_the_shard_of_its_ordinal_and_together_they_have_all_targets(tmp_path: Path) -> None:
    parts = [load(tmp_path, ordinal) for ordinal in range(REPLICAS)]
    assert [part.shard for part in parts] == [Shard(ordinal + 1, REPLICAS) for ordinal in range(REPLICAS)]
    polled = [target.name for part in parts for target in part.targets]
    assert sorted(polled) == sorted(target.name for target in parts[0].settings.targets)


def test_prometheus_asks_every_pod_for_its_targets_by_the_name_that_the_service_gives_it() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus/fleet.yml").read_text())
    [job] = config["scrape_configs"]
    name, place = STATEFULSET["metadata"]["name"], STATEFULSET["metadata"]["namespace"]
    service, [port] = SERVICE["metadata"]["name"], SERVICE["spec"]["ports"]
    assert STATEFULSET["spec"]["serviceName"] == service
    assert [source["url"] for source in job["http_sd_configs"]] == [
        f"http://{name}-{ordinal}.{service}.{place}.svc:{port['port']}/sd" for ordinal in range(REPLICAS)
    ]


def test_names_labels_and_ports_of_the_parts_agree() -> None:
    template = STATEFULSET["spec"]["template"]
    labels: dict[str, Any] = template["metadata"]["labels"]
    assert STATEFULSET["spec"]["selector"]["matchLabels"] == labels == SERVICE["spec"]["selector"]
    assert {part["metadata"]["namespace"] for part in (CONFIG, SERVICE, STATEFULSET)} == {"monitoring"}
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    assert volumes["config"]["configMap"]["name"] == CONFIG["metadata"]["name"]
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == volumes.keys()
    [port] = CONTAINER["ports"]
    assert SERVICE["spec"]["ports"][0]["targetPort"] == port["name"]
    assert f"--web.listen-address=:{port['containerPort']}" in CONTAINER["args"]


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe"])
def test_probes_ask_for_pages_that_there_are(probe: str) -> None:
    routes = (ROOT / "exporter/web.py").read_text()
    assert re.search(rf'Route\("{CONTAINER[probe]["httpGet"]["path"]}"', routes)


def test_the_pod_may_do_no_more_than_it_must() -> None:
    security = CONTAINER["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert STATEFULSET["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
