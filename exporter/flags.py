"""Owns which keys of the configuration have a flag, and how it is called."""

from __future__ import annotations

from collections.abc import Mapping

# By the key that it sets; `--extend.query-path` is postgres_exporter's.
FLAGS: Mapping[str, str] = {
    "web.listen_address": "--web.listen-address",
    "web.config_file": "--web.config.file",
    "web.enable_reload": "--web.enable-reload",
    "log.level": "--log.level",
    "log.format": "--log.format",
    "sets": "--sets",
    "queries_dirs": "--queries-dir",
    "queries_yaml": "--extend.query-path",
    "shard": "--shard",
    "leader_election.enabled": "--leader-election",
    "shutdown_grace": "--shutdown-grace",
}
CONFIG_FILE = "--config.file"
