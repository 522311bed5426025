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
    flags,
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
    serving = run.add_argument_group("serving")
    flags.add(serving, "web.listen_address", "web.config_file", "web.enable_reload", "shutdown_grace")
    flags.add(run.add_argument_group("several exporters"), "shard", "leader_election.enabled")
    check = command("check", "validate configuration and catalogue, print every fault", _check)
    flags.add(check, "shard", "web.config_file")
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
        flags.CONFIG_FILE,
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="YAML; without it DATA_SOURCE_NAME names the one target",
    )
    flags.add(group, "sets", "queries_dirs", "queries_yaml", "log.level", "log.format")
    return common


def _load(args: argparse.Namespace, *, needs_target: bool = True) -> Configuration:
    return configuration.load(args.config_file, flags.given(args), needs_target=needs_target)


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
        logs.configure(str(flags.given(args).get("log.level", "error")), loaded.settings.log.format)
        return asyncio.run(command(loaded, args, sys.stdout))  # type: ignore[arg-type]  # ours are coroutines

    return handler


if __name__ == "__main__":
    sys.exit(main())
