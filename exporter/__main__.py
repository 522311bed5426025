"""Owns the command line: what can be asked for, and which exit code a mistake gives."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol, TextIO

from exporter import (
    __version__,
    alerting,
    app,
    completion,
    configuration,
    dashboard_files,
    doctor,
    grants,
    listing,
    logs,
    manual,
    once,
)
from exporter.configuration import Configuration
from exporter.errors import ConfigError
from exporter.share import described, own_share
from exporter.usage import Parser
from exporter.web_state import WebState

_FLAGS = {
    "web_listen_address": "web.listen_address",
    "web_config_file": "web.config_file",
    "web_enable_reload": "web.enable_reload",
    "log_level": "log.level",
    "log_format": "log.format",
    "sets": "sets",
    "queries_dir": "queries_dirs",
    "queries_yaml": "queries_yaml",
    "shutdown_grace": "shutdown_grace",
    "shard": "shard",
    "leader_election": "leader_election.enabled",
}

Command = Callable[[Configuration, argparse.Namespace, TextIO], Awaitable[int]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    logs.guard()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["demo"]:  # it has its own options, and its dependencies are an extra
        from exporter import demo  # noqa: PLC0415

        return demo.main(arguments[1:])
    args = command_line().parse_args(arguments)
    try:
        code: int = args.handler(args)
    except ConfigError as error:
        for fault in error.faults:
            print(f"pg-oauth-exporter: {fault}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has enough
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return 0
    return code


def command_line() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(prog="pg-oauth-exporter")
    parser.explain("program")
    parser.add_argument("--version", action="version", version=f"pg-oauth-exporter {__version__}")
    parser.set_defaults(whole=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = _common()

    def command(
        name: str, text: str, handler: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, parents=[common])
        added.explain(name)
        added.set_defaults(handler=handler)
        return added

    run = command("run", "poll the targets and serve their metrics until SIGTERM", _run)
    _run_options(run)
    _shard_option(run)
    check = command("check", "validate configuration and catalogue, print every fault", _check)
    _shard_option(check)
    _web_config_option(check)
    once.add_arguments(command("once", "run queries now; print rows, samples and cost", _ask(once.run)))
    listing.add_arguments(
        command("queries", "list all queries and why some do not run", _ask(listing.run, needs_target=False))
    )
    doctor.add_arguments(
        command("doctor", "say what is missing on the server, with remedies", _ask(doctor.run))
    )
    grants.add_arguments(
        command(
            "grants", "print the SQL of a role that can read no token", _ask(grants.run, needs_target=False)
        )
    )
    _shipped(commands, "alerts", "list the alert rules, or write them with your numbers", alerting)
    _shipped(commands, "dashboards", "list the Grafana dashboards, or write them", dashboard_files)
    _shipped(commands, "config", "print what the configuration file can hold", manual)
    _shipped(commands, "completion", "print a script that lets a shell complete all this", completion)
    commands.add_parser(
        "demo", help="watch a made-up OAuth2 store: brings its own PostgreSQL", add_help=False
    )
    return parser


class _Shipped(Protocol):
    """A command about what is shipped, which needs neither a target nor a configuration."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare its options."""

    def run(self, args: argparse.Namespace, out: TextIO) -> int:
        """Do it; return the exit code."""


def _shipped(commands: argparse._SubParsersAction[Parser], name: str, text: str, module: _Shipped) -> None:
    parser = commands.add_parser(name, help=text)
    parser.explain(name)
    module.add_arguments(parser)
    parser.set_defaults(handler=lambda args: module.run(args, sys.stdout))


def _common() -> Parser:
    common = Parser(add_help=False)
    group = common.add_argument_group("configuration, shared by all commands")
    group.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="YAML; without it DATA_SOURCE_NAME names the one target",
    )
    group.add_argument(
        "--sets",
        metavar="LIST",
        help="sets of queries: names replace the default choice, +name and -name change it",
    )
    group.add_argument(
        "--queries-dir",
        action="append",
        metavar="DIR",
        help="a folder of further queries; may be given again",
    )
    group.add_argument(
        "--extend.query-path",
        dest="queries_yaml",
        action="append",
        metavar="FILE",
        help="a queries.yaml of postgres_exporter; may be given again",
    )
    group.add_argument("--log.level", dest="log_level", metavar="LEVEL", help="debug, info, warning or error")
    group.add_argument("--log.format", dest="log_format", metavar="FORMAT", help="logfmt or json")
    return common


def _shard_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shard",
        metavar="N/M",
        help="poll a stable part of the targets, as 2/5 the second of five; auto/5 by the host's ordinal",
    )


def _web_config_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--web.config.file",
        dest="web_config_file",
        metavar="FILE",
        help="TLS, users, headers: a web configuration file as postgres_exporter has",
    )


def _run_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("serving")
    group.add_argument(
        "--web.listen-address",
        dest="web_listen_address",
        action="append",
        metavar="ADDRESS",
        help="default 127.0.0.1:9187; :9187 listens on all interfaces, unix:/path on a socket, systemd on its"
        " sockets; may be given again",
    )
    _web_config_option(group)
    group.add_argument(
        "--web.enable-reload",
        dest="web_enable_reload",
        action="store_true",
        default=None,
        help="let POST /-/reload do what SIGHUP does",
    )
    group.add_argument(
        "--leader-election",
        action="store_true",
        default=None,
        help="of several replicas with the same targets, one polls each target",
    )
    group.add_argument(
        "--shutdown-grace",
        metavar="DURATION",
        help="how long running queries may take to end after SIGTERM; default 10s",
    )


def _load(args: argparse.Namespace, *, needs_target: bool = True) -> Configuration:
    given = {key: getattr(args, name, None) for name, key in _FLAGS.items()}
    flags = {key: value for key, value in given.items() if value is not None}
    return configuration.load(args.config_file, flags, needs_target=needs_target)


def _run(args: argparse.Namespace) -> int:
    host = socket.gethostname()
    loaded = own_share(_load(args), host)
    wanted = loaded.settings.log
    logs.configure(wanted.level, wanted.format, requests=wanted.requests)
    app.serve(loaded, lambda: own_share(_load(args), host))
    return 0


def _check(args: argparse.Namespace) -> int:
    loaded = _load(args)
    part = own_share(loaded, socket.gethostname())
    WebState(loaded.settings.web.config_file, time.monotonic)
    sets = {query.set for query in loaded.queries.values()}
    targets, queries = len(loaded.targets), len(loaded.queries)
    for remark in loaded.remarks:
        print(f"without effect: {remark}")  # noqa: T201
    print(f"good: {targets} targets, {queries} queries in {len(sets)} sets")  # noqa: T201
    if part.shard:
        print(described(loaded, part))  # noqa: T201
    return 0


def _ask(command: Command, *, needs_target: bool = True) -> Callable[[argparse.Namespace], int]:
    def handler(args: argparse.Namespace) -> int:
        loaded = _load(args, needs_target=needs_target)
        logs.configure(args.log_level or "error", loaded.settings.log.format)
        return asyncio.run(command(loaded, args, sys.stdout))  # type: ignore[arg-type]  # ours are coroutines

    return handler


if __name__ == "__main__":
    sys.exit(main())
