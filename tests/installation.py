"""Owns a whole installation in a test: servers, exporters, Prometheus, Alertmanager, and an inbox."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

import hurry
from alertmanager import Alertmanager, alertmanager, shipped
from clusters import Cluster
from commands import write_queries
from daemon import Daemon
from dumps import PLAIN
from farm import Farm
from inbox import Inbox, inbox
from pairs import Pair, start_pair
from prometheus import configured
from servers import MONITOR, PASSWORD, Server
from shipped import TOKENS, grant_columns
from traffic import Clients

JOB = "pg-oauth-exporter"
SHOP = "shop"  # the database of every target, with the token store of the seed
_ROLES = f"""
CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_data, pg_write_all_data, pg_maintain;
CREATE ROLE reporter LOGIN PASSWORD '{PASSWORD}';
GRANT pg_use_reserved_connections TO {MONITOR}
"""
_STORE = """
CREATE SEQUENCE invoices MAXVALUE 1000;
GRANT SELECT ON SEQUENCE invoices TO monitor;
CREATE TABLE baskets ();
CREATE TABLE carts AS SELECT generate_series(1, 10) AS id;
GRANT SELECT ON carts TO monitor;
INSERT INTO clients (client_id, client_secret, client_name, redirect_uris, grant_types)
VALUES ('web', 'x', 'web', '{https://shop.example/back}', '{authorization_code}');
INSERT INTO flyway_schema_history
VALUES (1, '1', 'one', 'SQL', 'V1__one.sql', 1, 'somebody', now() AT TIME ZONE 'UTC' - interval '1 d', 1, 't')
"""
# Servers of their own, as what happens to one of them would mute what happens on another.
_SAFE = {"fsync": "on", "full_page_writes": "on"}
_ALONE: Mapping[str, Mapping[str, str]] = {
    "main": {"max_prepared_transactions": "5", "deadlock_timeout": "100ms"},
    "crowded": {"max_connections": "25", "reserved_connections": "3"},
    "down": {},
    "frozen": {},
    "idle": {},
}
# Which exporter watches which targets; `spare` is the server `idle` once more.
WATCHED_BY: Mapping[str, Sequence[str]] = {
    "busy": ("main", "crowded"),
    "pair": ("primary", "standby"),
    "second": ("down", "frozen"),
    "calm": ("idle",),
    "spare": ("spare",),
}


@dataclass(frozen=True)
class Installation:
    """Everything that runs. `servers` are by target, those of `clusters` can be stopped.

    `exporters` and their `configs` are by instance.
    """

    folder: Path
    clusters: Mapping[str, Cluster]
    servers: Mapping[str, Server]
    pair: Pair
    inbox: Inbox
    clients: Mapping[str, Clients]
    exporters: Mapping[str, Daemon]
    configs: Mapping[str, Mapping[str, Any]]
    manager: Alertmanager

    @contextmanager
    def session(self, target: str, role: str, name: str = "shop") -> Iterator[psycopg.Connection]:
        """Open a session in the shop's database, in autocommit mode."""
        dsn = self.servers[target].dsn(SHOP, role, PASSWORD)
        with psycopg.connect(dsn, autocommit=True, application_name=name) as connection:
            yield connection

    def execute(self, target: str, sql: str) -> list[tuple[object, ...]]:
        """Run SQL as the superuser in the shop's database, within 20 s; return the last statement's rows."""
        dsn = self.servers[target].dsn(SHOP)
        with psycopg.connect(dsn, autocommit=True, options="-c statement_timeout=20s") as connection:
            cursor = connection.execute(sql.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def backup(self, target: str) -> Path:
        """Return the file that is the target's backup."""
        return self.folder / f"backups-{target}" / "shop.sql"

    def signal(self, target: str, number: signal.Signals) -> None:
        """Send a signal to a server: its first process and all that this one has started."""
        process = self.clusters[target].process
        assert process is not None
        listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            pid, parent = map(int, line.split())
            if process.pid in (pid, parent):
                os.kill(pid, number)


@contextmanager
def installation(farm: Farm, folder: Path, alerts: Mapping[str, Collection[str]]) -> Iterator[Installation]:
    """Start everything, and wait until the exporters have read all that they watch; end it afterwards.

    What the `alerts` of a target read is asked for often there.
    """
    made = hurry.alerting(folder)
    hurry.write_rules(made, folder)
    write_queries(folder, {"shop_carts": "SELECT 'all' AS a, pg_catalog.count(*) AS n FROM public.carts"})
    with ExitStack() as stack:
        clusters = {name: farm.create(farm.available[-1], f"installed-{name}") for name in _ALONE}
        servers = {name: _start(clusters[name], settings, stack) for name, settings in _ALONE.items()}
        pair = start_pair(farm, farm.available[-1], "installed")
        servers |= {"primary": pair.primary, "standby": pair.standby}
        dsns = {name: _store(server) for name, server in servers.items()}
        configs = {}
        for name, targets in WATCHED_BY.items():
            often = {alert for target in targets for alert in alerts.get(target, ())}
            own = {target: dsns.get(target, dsns["idle"]) for target in targets}
            configs[name] = _config(own, folder, hurry.queries(made, often))
        exporters = {
            name: stack.enter_context(Daemon(_folder(folder, name), each)) for name, each in configs.items()
        }
        received = stack.enter_context(inbox())
        manager = stack.enter_context(alertmanager(folder, _copying(shipped(folder, received, 60), received)))
        for each in exporters.values():
            each.until_ready(90)
        clients = {name: Clients(servers[name].dsn(SHOP)) for name in ("main", "crowded")}
        for those in clients.values():
            stack.enter_context(those.at_work())
        stack.enter_context(_watched(folder, exporters, manager))
        yield Installation(folder, clusters, servers, pair, received, clients, exporters, configs, manager)


def _start(cluster: Cluster, settings: Mapping[str, str], stack: ExitStack) -> Server:
    cluster.settings |= {**_SAFE, **settings}
    stack.callback(cluster.stop)
    return cluster.start()


def _store(server: Server) -> str:
    """Give the server a token store; return the DSN of the monitoring role for it."""
    if not server.standby:
        server.monitor_dsn()
        server.execute(f"CREATE DATABASE {SHOP}")
        server.execute(_ROLES)
        server.execute(TOKENS + _STORE, SHOP)
        grant_columns(server, SHOP)
    return server.monitor_dsn(SHOP)


def _config(targets: Mapping[str, str], folder: Path, queries: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "targets": [
            {"name": name, "dsn": dsn, "connect_timeout": "2s", "databases": {"include": [SHOP]}}
            for name, dsn in targets.items()
        ],
        "queries": {**queries, "shop_carts": {"every": "3s", "timeout": "1s"}},
        "queries_dirs": [str(folder / "queries")],
        "sets": ["+mine"],
        "pools": {"web": "web-%"},
        "backups": [
            {"name": f"of-{name}", "path": str(_backups(folder, name)), "every": "1s", "target": name}
            for name in targets
        ],
    }


def _copying(config: dict[str, Any], received: Inbox) -> dict[str, Any]:
    """Let each receiver send what it is told as JSON, too; the heartbeat does so anyway."""
    for each in config["receivers"]:
        if each["name"] != "heartbeat":
            each.setdefault("webhook_configs", []).append({"url": f"{received.url}/{each['name']}"})
    return config


def _watched(
    folder: Path, exporters: Mapping[str, Daemon], manager: Alertmanager
) -> AbstractContextManager[str]:
    addresses = [
        {"targets": [f"127.0.0.1:{each.port}"], "labels": {"instance": name}}
        for name, each in exporters.items()
    ]
    return configured(
        folder,
        {
            "global": {"scrape_interval": "2s", "evaluation_interval": "2s"},
            "scrape_configs": [{"job_name": JOB, "static_configs": addresses}],
            "rule_files": [f"{folder}/*.rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager.address]}]}]},
        },
    )


def _backups(folder: Path, target: str) -> Path:
    made = _folder(folder, f"backups-{target}")
    (made / "shop.sql").write_bytes(PLAIN)
    return made


def _folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(exist_ok=True)
    return made
