"""The real process with several targets: discovered by a real Prometheus, changed by reloads, sharded."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon import Daemon
from exporter.labelling import OWN
from exporter.sharding import owner
from prometheus import ask, configured
from servers import Server

NAMES = ("orders", "billing", "accounts", "audit")
LABELS = {"env": "prod", "team": "checkout"}


@pytest.fixture
def config(a_server: Server, database: str, tmp_path: Path) -> dict[str, object]:
    """Four targets that differ by the name of their sessions, with few queries; and backups."""
    dsn = a_server.monitor_dsn(database)
    mark = "&" if "?" in dsn else "?"
    targets = [
        {"name": name, "dsn": f"{dsn}{mark}application_name={database}-{name}", "labels": {**LABELS}}
        for name in NAMES
    ]
    backups: list[dict[str, object]] = [{"name": "of-orders", "path": str(tmp_path), "target": "orders"}]
    backups.append({"name": "of-nobody", "path": str(tmp_path)})
    queries = {name: {"every": "2s", "timeout": "1s"} for name in ("pg_locks", "stat_database")}
    return {"targets": targets, "backups": backups, "sets": ["locks", "database"], "queries": queries}


def sessions(server: Server, database: str) -> dict[str, set[object]]:
    """The backends of each target."""
    sql = f"SELECT application_name, pid FROM pg_stat_activity WHERE application_name LIKE '{database}-%'"
    found: dict[str, set[object]] = {}
    for name, pid in server.execute(sql):
        found.setdefault(str(name).rpartition("-")[2], set()).add(pid)
    return found


def runs(daemon: Daemon) -> Counter[str]:
    """The good runs of each target since it is watched."""
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(daemon.get("/metrics").text):
        for sample in family.samples:
            if sample.name == "pg_exporter_query_runs_total" and sample.labels["outcome"] == "ok":
                found[sample.labels["target"]] += int(sample.value)
    return found


def reload(daemon: Daemon, config: dict[str, object]) -> None:
    count = daemon.logs.count("configuration reloaded")
    daemon.configure(config)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: daemon.logs.count("configuration reloaded") > count, "reload")


def series(url: str) -> list[dict[str, str]]:
    answer = httpx.get(f"{url}/api/v1/series", params={"match[]": '{job="fleet"}'}, timeout=10)
    found: list[dict[str, str]] = answer.json()["data"]
    return [labels for labels in found if not labels["__name__"].startswith(("up", "scrape_"))]


@pytest.mark.slow
def test_a_real_prometheus_discovers_every_target_and_scrapes_each_by_itself(
    tmp_path: Path, config: dict[str, object]
) -> None:
    with Daemon(tmp_path, config) as daemon:
        daemon.until_ready()
        discovery = [{"url": f"{daemon.url}/sd", "refresh_interval": "1s"}]
        job = {"job_name": "fleet", "scrape_interval": "1s", "http_sd_configs": discovery}
        with configured(tmp_path, {"scrape_configs": [job]}) as url:
            instances = [*NAMES, f"127.0.0.1:{daemon.port}"]
            every = " and ".join(f'on() up{{instance="{instance}"}} == 1' for instance in instances)
            daemon.until(lambda: bool(ask(url, f"vector(1) and {every}")), "be scraped", 30)
            assert ask(url, "count(up)") == [len(instances)]
            found = series(url)
            assert {each["instance"] for each in found} == set(instances)
            assert all(each["instance"] == each["target"] for each in found if "target" in each)
            assert not [name for each in found for name in each if name.startswith("exported_")]
            without = Counter(
                frozenset((name, value) for name, value in each.items() if name != "instance")
                for each in found
            )
            assert [each for each, count in without.items() if count > 1] == []
            assert {each["__name__"] for each in found} == {
                sample.name
                for family in text_string_to_metric_families(daemon.get("/metrics").text)
                for sample in family.samples
            }
            gone = {**config, "targets": config["targets"][1:]}  # type: ignore[index]  # a list
            reload(daemon, gone | {"backups": []})
            daemon.until(lambda: ask(url, "count(up)") == [len(instances) - 1], "forget a target", 30)
            assert ask(url, 'up{instance="orders"}') == []
            assert daemon.get("/probe?target=orders").status_code == 404


@pytest.mark.slow
def test_every_series_of_a_target_has_its_labels_and_no_other_series_has(
    tmp_path: Path, config: dict[str, object]
) -> None:
    with Daemon(tmp_path, config) as daemon:
        daemon.until_ready()
        daemon.until(lambda: bool(daemon.samples("pg_backup_files", backup="of-nobody")), "see backups")
        polled, own = 0, set()
        for family in text_string_to_metric_families(daemon.get("/metrics").text):
            for sample in family.samples:
                assert LABELS.items() <= sample.labels.items() or "target" not in sample.labels, sample
                assert "target" in sample.labels or not LABELS.keys() & sample.labels.keys(), sample
                polled += sample.name.startswith("pg_stat_database")
                if sample.name.startswith("pg_exporter_") and "target" in sample.labels:
                    own |= sample.labels.keys() - LABELS.keys()
        assert polled
        assert own <= OWN
        assert daemon.samples("pg_backup_files", backup="of-orders", target="orders", **LABELS)
        changed = [{**target, "labels": {"env": "test"}} for target in config["targets"]]  # type: ignore[attr-defined]  # a list
        reload(daemon, {**config, "targets": changed})
        for name in ("pg_up", "pg_backup_check_success"):
            daemon.until(lambda name=name: bool(daemon.samples(name, target="orders", env="test")), "relabel")  # type: ignore[misc]  # a default binds it
        assert not daemon.samples("pg_up", team="checkout")
        assert not daemon.samples("pg_backup_check_success", team="checkout")


@pytest.mark.slow
def test_targets_that_stay_keep_connections_and_counters_through_reloads_and_a_change_of_shards(
    tmp_path: Path, a_server: Server, database: str, config: dict[str, object]
) -> None:
    shard = owner("audit", 2)
    stay = {name for name in NAMES if owner(name, 2) == shard}
    assert stay < set(NAMES)
    with Daemon(tmp_path, config) as daemon:
        daemon.until_ready()
        daemon.until(lambda: all(runs(daemon)[name] > 4 for name in NAMES), "run every query twice")
        before, counted = sessions(a_server, database), runs(daemon)
        assert before.keys() == set(NAMES)
        fifth = {**config["targets"][0], "name": "fifth", "labels": {}}  # type: ignore[index]  # a list
        reload(daemon, {**config, "targets": [*config["targets"], fifth]})  # type: ignore[misc]  # a list
        daemon.until(lambda: daemon.samples("pg_up", target="fifth") == [1], "watch a fifth")
        after = sessions(a_server, database)
        assert all(before[name] <= after[name] for name in NAMES)
        assert all(runs(daemon)[name] >= counted[name] for name in NAMES)
        counted = runs(daemon)
        reload(daemon, {**config, "shard": f"{shard}/2"})
        place = {"shard": str(shard), "shards": "2"}
        daemon.until(lambda: daemon.samples("pg_exporter_shard_info", **place) == [1], "tell its shard")
        assert {name for name, count in runs(daemon).items() if count} == stay
        assert all(runs(daemon)[name] >= counted[name] for name in stay)
        daemon.until(lambda: sessions(a_server, database).keys() == stay, "close the others' connections")
        assert all(before[name] <= sessions(a_server, database)[name] for name in stay)
        assert {each["labels"].get("__param_target") for each in daemon.get("/sd").json()} == {*stay, None}


@pytest.mark.slow
def test_a_process_whose_shard_has_no_target_is_ready_and_says_which_it_is(
    tmp_path: Path, config: dict[str, object]
) -> None:
    empty = next(number for number in range(1, 101) if number not in {owner(name, 100) for name in NAMES})
    with Daemon(tmp_path, {**config, "backups": []}, f"--shard={empty}/100") as daemon:
        daemon.until_ready()
        daemon.until(lambda: bool(daemon.samples("pg_exporter_shard_info")), "publish")
        assert len(daemon.get("/sd").json()) == 1
        assert "pg_up" not in daemon.get("/metrics").text


@pytest.mark.slow
def test_a_primary_and_its_standby_say_their_roles(tmp_path: Path, server: Server, standby: Server) -> None:
    targets = [
        {"name": "first", "dsn": server.monitor_dsn()},
        {"name": "second", "dsn": standby.monitor_dsn()},
        {"name": "away", "dsn": "postgresql://nobody@127.0.0.1:1/x"},
    ]
    with Daemon(tmp_path, {"targets": targets, "sets": ["replication"]}) as daemon:
        daemon.until_ready()
        codes = {
            name: [
                daemon.get(f"/targets/{name}/{role}").status_code
                for role in ("primary", "replica", "healthy")
            ]
            for name in ("first", "second", "away")
        }
        assert codes == {"first": [200, 503, 200], "second": [503, 200, 200], "away": [503, 503, 503]}
        assert daemon.get("/targets/second/replica?max_lag=1h").status_code == 200
        assert " s behind, seen " in daemon.get("/targets/second/replica").text
