"""Owns how the demo runs the real daemon: a configuration file, a password file, a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from exporter.demo.database import Database
from exporter.demo.endpoint import APPLICATION_ROLE, MONITORING_ROLE
from exporter.demo.processes import Program, environment_without_databases

TARGET = "demo"
# Somebody watches: what moves within seconds here is asked for more often than anybody needs elsewhere.
EVERY = {"tokens": "5s", "stat_activity": "5s", "blocking": "5s"}


def private_file(path: Path, text: str) -> Path:
    """Write `text` to a new file that only we can read, from its first moment on; return its path."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)
    return path


def passfile(folder: Path, database: Database) -> Path:
    """Write a libpq password file for the application's role, so that psql need not be told a password."""
    return private_file(folder / "pgpass", f"*:*:*:{APPLICATION_ROLE}:{database.application_password}\n")


def configuration(database: Database, password_file: Path, port: int) -> str:
    """Return the daemon's configuration. JSON, which is YAML too."""
    target = {
        "name": TARGET,
        "dsn": database.endpoint.public(MONITORING_ROLE),
        "password_file": str(password_file),
    }
    config = {
        "targets": [target],
        "queries": {query: {"every": every} for query, every in EVERY.items()},
        "web": {"listen_address": f"127.0.0.1:{port}"},
    }
    return json.dumps(config, indent=2)


def program(folder: Path, database: Database, port: int) -> Program:
    """Write the daemon's files to `folder` and return how to run it as the least-privileged role."""
    secret = private_file(folder / "monitor-password", database.monitoring_password + "\n")
    file = folder / "pg-oauth-exporter.yaml"
    file.write_text(configuration(database, secret, port))
    return Program(
        name="pg-oauth-exporter",
        command=[sys.executable, "-m", "exporter", "run", "--config.file", str(file)],
        # From here the very code that runs the demo is found, installed or not.
        folder=Path(__file__).resolve().parents[2],
        log=folder / "pg-oauth-exporter.log",
        environment=environment_without_databases(),
        grace=15.0,
    )
