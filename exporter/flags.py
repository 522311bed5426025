"""Owns which keys of the configuration have a flag, and how each is called and explained."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag: its name, what follows it (nothing: it switches on), and whether it may be given again."""

    name: str
    metavar: str
    help: str
    again: bool = False


CONFIG_FILE = "--config.file"
# By the key that it sets; `--extend.query-path` is postgres_exporter's.
FLAGS: Mapping[str, Flag] = {
    "sets": Flag(
        "--sets", "LIST", "sets of queries: names replace the default choice, +name and -name change it"
    ),
    "queries_dirs": Flag("--queries-dir", "DIR", "a folder of further queries", again=True),
    "queries_yaml": Flag("--extend.query-path", "FILE", "a queries.yaml of postgres_exporter", again=True),
    "log.level": Flag("--log.level", "LEVEL", "debug, info, warning or error; default info"),
    "log.format": Flag("--log.format", "FORMAT", "logfmt or json; default logfmt"),
    "shard": Flag(
        "--shard",
        "N/M",
        "poll a stable part of the targets, as 2/5 the second of five; auto/5 by the host's ordinal",
    ),
    "web.listen_address": Flag(
        "--web.listen-address",
        "ADDRESS",
        "default 127.0.0.1:9187; :9187 listens on all interfaces, unix:/path on a socket, systemd on its"
        " sockets",
        again=True,
    ),
    "web.config_file": Flag(
        "--web.config.file", "FILE", "TLS, users, headers: a web configuration file as postgres_exporter has"
    ),
    "web.enable_reload": Flag("--web.enable-reload", "", "let POST /-/reload do what SIGHUP does"),
    "leader_election.enabled": Flag(
        "--leader-election", "", "of several replicas with the same targets, one polls each target"
    ),
    "shutdown_grace": Flag(
        "--shutdown-grace", "DURATION", "how long running queries may take to end after SIGTERM; default 10s"
    ),
}


def add(parser: argparse._ActionsContainer, *keys: str) -> None:
    """Declare the flags of `keys`; what is parsed is then found under the key."""
    for key in keys:
        flag = FLAGS[key]
        if not flag.metavar:
            parser.add_argument(flag.name, dest=key, action="store_true", default=None, help=flag.help)
        elif flag.again:
            told = f"{flag.help}; may be given again"
            parser.add_argument(flag.name, dest=key, action="append", metavar=flag.metavar, help=told)
        else:
            parser.add_argument(flag.name, dest=key, metavar=flag.metavar, help=flag.help)


def given(args: argparse.Namespace) -> dict[str, object]:
    """Return what was given by flags, by key."""
    return {key: value for key, value in vars(args).items() if key in FLAGS and value is not None}
